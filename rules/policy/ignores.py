"""The annotation ``mlgate.dev/ignore``: ``"TRN003=restarts are watched; GPU004=..."``.

It stands on an object or on a pod template. Codes are whole, or ``CODE/form``; no wildcard.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rules.model import Rule
from rules.paths import Path, dig

ANNOTATION = "mlgate.dev/ignore"
_MOST = 100
"""Entries of one annotation: each that is wrong is a finding of its own."""


class Ignore(NamedTuple):
    """What one entry of the annotation asks for.

    ``codes`` are rules (``TRN003``) or forms (``TRN001/operator``); ``path`` is the annotation's,
    ``scope`` that of the object or pod template which carries it. ``error`` says what is wrong
    with the entry, which then ignores nothing.
    """

    codes: tuple[str, ...]
    reason: str
    path: Path
    scope: Path = ()
    error: str | None = None

    @property
    def covered(self) -> tuple[str, ...]:
        """The rules and forms that it ignores: none with an error."""
        return () if self.error is not None else self.codes


def known_codes(rules: Iterable[Rule]) -> tuple[str, ...]:
    """What a policy or an ignore may name: each rule's code, and each of its forms."""
    return tuple(
        name
        for rule in rules
        for name in (rule.code, *(f"{rule.code}/{form.name}" for form in rule.forms))
    )


def ignores_of(
    body: Mapping[str, Any], templates: Iterable[Path], known: Collection[str]
) -> tuple[Ignore, ...]:
    """The ignores of an object, its own first; ``templates`` are its pod templates' paths.

    ``known`` is what an ignore may name (``known_codes``).
    """
    scopes = dict.fromkeys(((), *templates))
    return tuple(ignore for scope in scopes for ignore in _read(body, scope, known))


def _read(body: Mapping[str, Any], scope: Path, known: Collection[str]) -> Iterator[Ignore]:
    path = (*scope, "metadata", "annotations", ANNOTATION)
    text = dig(body, path)
    if isinstance(text, str):
        yield from parse_ignores(text, path, scope, known)
    elif text is not None:
        yield Ignore((), "", path, scope, f"{ANNOTATION} is no text; expected CODE=reason")


def parse_ignores(text: str, path: Path, scope: Path, known: Collection[str]) -> Iterator[Ignore]:
    """Each entry of an annotation's text, those with an error too."""
    entries = [entry for entry in map(str.strip, text.split(";")) if entry]
    if not entries:
        yield Ignore((), "", path, scope, f"{ANNOTATION} is empty; expected CODE=reason")
    if len(entries) > _MOST:
        error = f"{ANNOTATION} has {len(entries)} entries, of which {_MOST} are read"
        yield Ignore((), "", path, scope, error)
    for entry in entries[:_MOST]:
        names, _, reason = entry.partition("=")
        codes = tuple(name.strip() for name in names.split(","))
        yield Ignore(codes, reason.strip(), path, scope, _error(codes, known))


def _error(codes: tuple[str, ...], known: Collection[str]) -> str | None:
    unknown = next((code for code in codes if code not in known), None)
    if unknown is None:
        return None
    return f"{ANNOTATION}: there is no rule '{unknown[:60]}'; expected CODE=reason; CODE=reason"
