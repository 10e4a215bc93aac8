"""How a rule tells what it found in a field, joins problems, and writes something else there."""

from collections.abc import Iterable, Iterator, Sequence

from rules.model import Edit, Fix, Presence, Problem, Related, Remove, Set, Value
from rules.paths import Path, dig, dotted, shorten
from rules.type_names import Any

WAS = " (it was "
"""Before what an update has replaced."""
_HOLDERS = (("labels",), ("annotations",), ("metadata",))
"""Ends of the paths of mappings that say nothing when they are empty."""
_MOST_NAMES = 6
_LIKE = 0.6
"""How like a word must be to a name: 1 where they are the same."""
_LOOKS = str.maketrans("oil", "011")
"""Small letters that, large or small, look like a digit."""


def tell_value(value: Value, unset: str = "") -> str:
    """A clause on a field: not set, left at its default, or what it is, and was before an update.

    ``unset`` goes on where nothing is set: what that means.
    """
    field = dotted(value.path)
    if value.before is not None:
        return f"{field} is {show_value(value.value)}{WAS}{show_value(value.before)})"
    if value.absent:
        return f"{field} is not set{unset}"
    left = "unset or left at the default " if value.defaulted else ""
    return f"{field} is {left}{show_value(value.value)}"


def show_value(value: Any) -> str:
    """A value in a sentence: short, and as YAML would write it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return shorten(str(value))


def list_names(names: Sequence[str]) -> str:
    """Names in a sentence, the first few of many: ``a, b or c``."""
    told = [shorten(name) for name in names[:_MOST_NAMES]]
    left = len(names) - len(told)
    if left:
        return f"{', '.join(told)} or {left} more"
    *most, last = told or [""]
    return f"{', '.join(most)} or {last}" if most else last


def write_value(value: Value, new: Any, *, safe: bool) -> Fix:
    """The fix that puts ``new`` in a value's place."""
    return write_values(f"set {dotted(value.path)} to {show_value(new)}", [(value, new)], safe=safe)


def write_values(title: str, changes: Iterable[tuple[Value, Any]], *, safe: bool) -> Fix:
    """The fix that puts something new in the place of several values, or of one under a title of
    its own. Who wrote there is known from the values."""
    pairs = tuple(changes)
    edits = tuple(Set(value.path, new) for value, new in pairs)
    return Fix(title, edits, safe, _join_presence([value for value, _ in pairs]))


def move_value(value: Value, home: Path, tree: Any, *, safe: bool) -> Fix | None:
    """The fix that takes a value, or each part of a mapping, to another place in ``tree``; None
    where something stands there already. What somebody wrote is moved in files alone."""
    edits: list[Edit] = [Remove(_widen(value.path, home, tree))]
    for edit in _list_moves(value.value, home, tree):
        if edit is None:
            return None
        edits.append(edit)
    title = f"move {dotted(value.path)} to {dotted(home)}"
    return Fix(title, tuple(edits), safe, Presence.WRITTEN)


def _widen(path: Path, home: Path, tree: Any) -> Path:
    """What to take away with ``path``: labels, annotations and metadata that hold nothing else."""
    around = path[:-1]
    while around[-1:] in _HOLDERS and home[: len(around)] != around and len(dig(tree, around)) == 1:
        path, around = around, around[:-1]
    return path


def _list_moves(value: Any, home: Path, tree: Any) -> Iterator[Set | None]:
    """The edits that put ``value`` there; None for what has no room. What stands there and is the
    same needs none."""
    there = dig(tree, home)
    if there is None:
        yield Set(home, value)
    elif isinstance(there, dict) and isinstance(value, dict):
        for key, one in value.items():
            yield from _list_moves(one, (*home, key), tree)
    elif there != value:
        yield None


def move_values(title: str, moves: Iterable[tuple[Value, Path]], *, safe: bool) -> Fix:
    """The fix that takes values from where they stand and writes them elsewhere, where nothing
    stands."""
    pairs = tuple(moves)
    edits = [each for value, to in pairs for each in (Remove(value.path), Set(to, value.value))]
    return Fix(title, tuple(edits), safe, _join_presence([value for value, _ in pairs]))


def remove_value(value: Value, title: str, *, safe: bool) -> Fix:
    """The fix that takes a value away."""
    return Fix(title, (Remove(value.path),), safe, value.presence)


def _join_presence(values: list[Value]) -> Presence:
    """That of the value of which most is known to be written."""
    if all(value.absent for value in values):
        return Presence.ABSENT
    if all(value.unwritten for value in values):
        return Presence.DEFAULTED
    return Presence.WRITTEN


def join_problems(problems: Sequence[Problem]) -> Problem:
    """One problem of several: the first, with the places of the others as related ones."""
    first, *rest = problems
    others = tuple(Related(one.path, one.message) for one in rest)
    degree = sum(one.degree for one in problems)
    return first._replace(related=(*first.related, *others), degree=degree)


def suggestion(word: str, names: tuple[str, ...]) -> str:
    """``; did you mean 'x'?`` for the name nearest to ``word``, nothing if none is near."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only a mistake pays for it

    matcher = SequenceMatcher(b=word.lower())
    near = []
    for name in names:
        matcher.set_seq1(name.lower())
        # The time of a ratio grows with the product of the lengths.
        likeness = matcher.ratio() if matcher.real_quick_ratio() >= _LIKE else 0
        if likeness >= _LIKE:
            near.append((likeness, _count_agreeing(word.lower(), name.lower()), name))
    nearest = max(near, default=None)
    return f"; did you mean '{nearest[-1]}'?" if nearest else ""


def _count_agreeing(one: str, other: str) -> int:
    """Of codes that are as near, such as TRN001, TRN011 and TRN012 to TRN0O1, the one with one
    character wrong is meant, and rather where that looks like the right one."""
    pairs = zip(one.translate(_LOOKS), other.translate(_LOOKS), strict=False)
    return sum(a == b for a, b in pairs)
