"""An ignore, and those that stand in the annotation ``mlgate.dev/ignore``:
``"TRN003=restarts are watched; GPU004@exporter=..."``, on an object or on a pod template.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping

from rules.annotations import IGNORE_ANNOTATION
from rules.kinds.pods import Pod
from rules.model import Rule
from rules.paths import Path, dig, shorten
from rules.record import NamedTuple
from rules.type_names import Any
from rules.wording import suggestion

ANNOTATION_SYNTAX = "CODE=reason"
_AT = "@"
"""Stands between a code and the name of the container for which alone it is ignored."""
_MOST = 100
"""Entries of one annotation: each that is wrong is a finding of its own."""


class Ignore(NamedTuple):
    """What somebody asks to be left alone, and why.

    ``codes`` are rules (``TRN003``) or forms (``TRN001/operator``), never a wildcard. ``scope``
    holds the places it speaks of: it covers the findings that have one of them. An annotation's
    place is the path of the object or pod template that carries it; a comment's are in
    ``linter.suppression.scopes``. ``problem`` says what is wrong: it then ignores nothing.
    """

    codes: tuple[str, ...]
    reason: str
    scope: tuple[Hashable, ...] = ()
    problem: str | None = None
    container: str = ""
    """Of an annotation: the container of which alone it speaks."""


def known_codes(rules: Iterable[Rule]) -> tuple[str, ...]:
    """What a policy or an ignore may name: each rule's code, and each of its forms."""
    return tuple(
        name
        for rule in rules
        for name in (rule.code, *(f"{rule.code}/{form.name}" for form in rule.forms))
    )


def find_unknown(codes: Iterable[str], known: Collection[str]) -> str | None:
    """The first of ``codes`` that no rule or form has."""
    return next((code for code in codes if code not in known), None)


def annotation_path(scope: Path) -> Path:
    """Where the annotation of the object or pod template at ``scope`` stands."""
    return (*scope, "metadata", "annotations", IGNORE_ANNOTATION)


def read_annotations(
    body: Mapping[str, Any], pods: Iterable[Pod], known: Collection[str]
) -> Iterator[tuple[Path, Ignore]]:
    """The ignores of an object, each with the path of what carries it, the object's own first.

    ``pods`` are its pod templates, ``known`` is what an ignore may name.
    """
    pods = tuple(pods)
    for scope in dict.fromkeys(((), *(pod.path for pod in pods))):
        written = dig(body, annotation_path(scope))
        for ignore in () if written is None else _read(written, known):
            if ignore.container:
                yield scope, _place(ignore, scope, pods)
            else:
                yield scope, ignore._replace(scope=(scope,))


def _place(ignore: Ignore, scope: Path, pods: Iterable[Pod]) -> Ignore:
    """An ignore with the containers that it covers, as far as they are below ``scope``."""
    known = [one for pod in pods for one in pod.containers if one.path[: len(scope)] == scope]
    places = tuple(one.path for one in known if one.name == ignore.container)
    if places or ignore.problem:
        return ignore._replace(scope=places)
    names = tuple(dict.fromkeys(one.name for one in known))
    hint = suggestion(ignore.container, names) or (names and f"; there are {', '.join(names)}")
    problem = f"no container is called '{shorten(ignore.container)}'{hint or ''}"
    return ignore._replace(problem=f"{IGNORE_ANNOTATION}: {problem}")


def _read(text: Any, known: Collection[str]) -> Iterator[Ignore]:
    if isinstance(text, str):
        yield from parse_annotation(text, known)
    else:
        yield _malformed(f"{IGNORE_ANNOTATION} is no text; expected {ANNOTATION_SYNTAX}")


def parse_annotation(text: str, known: Collection[str]) -> Iterator[Ignore]:
    """Each entry of an annotation's text, those with an error too."""
    entries = [entry for entry in map(str.strip, text.split(";")) if entry]
    if not entries:
        yield _malformed(f"{IGNORE_ANNOTATION} is empty; expected {ANNOTATION_SYNTAX}")
    if len(entries) > _MOST:
        count = f"{len(entries)} entries, of which {_MOST} are read"
        yield _malformed(f"{IGNORE_ANNOTATION} has {count}")
    for entry in entries[:_MOST]:
        names, _, reason = entry.partition("=")
        by_container: dict[str, list[str]] = {}
        for name in names.split(","):
            code, _, container = name.partition(_AT)
            by_container.setdefault(container.strip(), []).append(code.strip())
        for container, found in by_container.items():
            codes = tuple(dict.fromkeys(found))
            problem = _find_problem(codes, known)
            yield Ignore(codes, reason.strip(), problem=problem, container=container)


def _malformed(problem: str) -> Ignore:
    return Ignore((), "", problem=problem)


def _find_problem(codes: tuple[str, ...], known: Collection[str]) -> str | None:
    unknown = find_unknown(codes, known)
    if unknown is None:
        return None
    expected = f"{ANNOTATION_SYNTAX}; {ANNOTATION_SYNTAX}"
    return f"{IGNORE_ANNOTATION}: there is no rule '{unknown[:60]}'; expected {expected}"
