"""Releases of Kubernetes and of operators, as a policy names them."""

from rules.type_names import TypeAlias
from rules.whole_numbers import parse_whole

Release: TypeAlias = tuple[int, ...]
"""The numbers of a release, the first of which count; empty where any may be there."""


def read_release(text: str) -> Release:
    """``v1.8.1`` as numbers; nothing where it names no release."""
    numbers = [parse_whole(part) for part in text.removeprefix("v").split(".")]
    return () if None in numbers else tuple(one or 0 for one in numbers)


def show_release(release: Release) -> str:
    return ".".join(map(str, release))
