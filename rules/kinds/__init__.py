"""The kinds that mlgate knows, and how to find one.

``KIND_INDEX`` is what is known of each without its module (rules/kinds/index.py): a run over few
objects imports the kinds that these are of, and no others. ``BUILT_IN`` are the kinds themselves;
whoever imports that name imports every kind.
"""

from functools import cache

from rules import import_module
from rules.kinds import config_maps
from rules.kinds.index import KIND_ROWS
from rules.kinds.neighbours import NEIGHBOURS, NEIGHBOURS_IN_FILES
from rules.kinds.schema import Kind
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias

GroupKind: TypeAlias = tuple[str, str]
"""Group and name."""


class KindEntry(NamedTuple):
    """A kind as the index has it: ``module`` is where it stands below ``rules.kinds``, and the
    rest is what is asked of it by who looks for objects, as in ``Kind``."""

    group: str
    name: str
    module: str
    namespaced: bool
    facts: tuple[str, ...]


KIND_INDEX: tuple[KindEntry, ...] = tuple(KindEntry(*row) for row in KIND_ROWS)

BUILT_IN: tuple[Kind, ...]

IN_FILES: tuple[Kind, ...] = config_maps.KINDS
"""Kinds that are judged in files alone: in a cluster controllers write ConfigMaps every few
seconds. ``find_kind`` finds none of them."""

_ENTRIES: dict[GroupKind, KindEntry] = {(one.group, one.name): one for one in KIND_INDEX}
_LOOKED_UP: dict[GroupKind, Kind] = {
    (kind.group, kind.name): kind for kind in (*NEIGHBOURS, *NEIGHBOURS_IN_FILES)
}
_LOADED: dict[GroupKind, Kind] = {}


def find_kind(group: str, name: str) -> Kind | None:
    """The kind of that group and name, whatever the version; None where it is not known."""
    known = _LOADED.get((group, name))
    if known is None and (group, name) in _ENTRIES:
        known = _load(_ENTRIES[group, name])
    return known


def _load(entry: KindEntry) -> Kind:
    kinds: tuple[Kind, ...] = import_module(f"rules.kinds.{entry.module}").KINDS
    _LOADED.update({(one.group, one.name): one for one in kinds})
    return _LOADED[entry.group, entry.name]


def find_neighbour(group: str, name: str) -> Kind | None:
    """The kind of that group and name, be its objects judged or only looked up."""
    return find_kind(group, name) or _LOOKED_UP.get((group, name))


def is_namespaced(group: str, name: str) -> bool | None:
    """Whether namespaces hold the objects of a kind, judged or looked up; None where it is not
    known."""
    known = _ENTRIES.get((group, name)) or _LOOKED_UP.get((group, name))
    return None if known is None else known.namespaced


@cache
def kinds_with(fact: str) -> tuple[GroupKind, ...]:
    """The kinds of whose objects a fact may be asked."""
    judged = tuple((one.group, one.name) for one in KIND_INDEX if fact in one.facts)
    return (*judged, *((one.group, one.name) for one in NEIGHBOURS if fact in one.facts))


def __getattr__(name: str) -> Any:
    """``BUILT_IN``, when the first asks for it."""
    if name != "BUILT_IN":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    kinds = tuple(_LOADED.get((one.group, one.name)) or _load(one) for one in KIND_INDEX)
    globals()["BUILT_IN"] = kinds
    return kinds
