"""Which composer makes a document: a compiled one the plain case, where it is installed, and
rules/composer.py all others. The only module that knows that there are two.

The latter is imported for the first document that needs it, for PyYAML comes with it: that takes
longer than reading a file.
"""

from collections.abc import Callable

from rules.composed import Composed, Limits
from rules.marks import Marks
from rules.type_names import Any, TypeAlias

PlainComposer: TypeAlias = Callable[[str, int, int], tuple[Any, Marks, int] | None]
"""A text and its limits (depth, events) -> value, marks and end; None where it is not plain."""

READERS: dict[str, PlainComposer | None] = {"pure": None}
"""The readers there are, by name, with what composes the plain case in each."""

try:
    from rules.compiled import LIBYAML, compose_plain
except ImportError:
    reader = "pure"
else:
    READERS["compiled"] = compose_plain
    reader = "compiled"
"""The one in use. ``MLGATE_READER`` sets it (linter/cli.py), for tests and in doubt."""


def compose(text: str, limits: Limits) -> Composed:
    """The first YAML document in ``text``; go-yaml reads no further. Raises UnreadableError."""
    plain = READERS[reader]
    found = _try(plain, text, limits) if plain is not None else None
    if found is not None:
        value, marks, end = found
        return Composed(value, marks, end=end)
    from rules.composer import compose as compose_any  # noqa: PLC0415  # as said above

    return compose_any(text, limits)


def describe() -> str:
    """The reader in use and the parser below it, for people."""
    if reader == "compiled":
        return f"compiled (libyaml {LIBYAML})"
    from rules.events import PARSER  # noqa: PLC0415  # as said above

    return f"pure ({PARSER})"


def _try(plain: PlainComposer, text: str, limits: Limits) -> tuple[Any, Marks, int] | None:
    try:
        return plain(text, limits.depth, limits.events)
    except Exception:  # noqa: BLE001  # whatever it is: the other composer reads it, or says why not
        return None
