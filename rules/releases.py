"""Releases of Kubernetes and of operators, as a policy names them."""

from rules.type_names import TypeAlias

Release: TypeAlias = tuple[int, ...]
"""The numbers of a release, the first of which count; empty where any may be there."""


def read_release(text: str) -> Release:
    """``v1.8.1`` as numbers; nothing where it names no release."""
    parts = text.removeprefix("v").split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def show_release(release: Release) -> str:
    return ".".join(map(str, release))
