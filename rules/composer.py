"""One YAML document to plain dicts and lists, with the marks of everything in it.

Nothing here recurses, so that nesting is bounded by ``Limits`` and not by the stack. What events
mean is as in ``go.yaml.in/yaml/v2`` (``decode.go``), duplicate keys as its ``UnmarshalStrict``.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import isfinite
from typing import Any, NamedTuple, NoReturn

from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from rules.events import UnreadableError, explain, parse
from rules.marks import Extent, Marks
from rules.paths import Path
from rules.scalars import HINTS, PLAIN, ScalarError, as_json, key_text, literal, quoted, tagged

_KEY: Any = object()
"""In place of a key: the next event is one."""
_ITEM: Any = object()
"""In place of a key: the values belong to a list."""
_MERGE: Any = object()
"""In place of a key: ``<<``."""

_LINE = 64  # characters
_MOST_DUPLICATES = 1000  # each carries its path: without an end 10 MB of them would be gigabytes


class Limits(NamedTuple):
    """What one document may hold: levels of nesting, values that its aliases stand for, and
    parser events (a scalar is one, a mapping or list two)."""

    depth: int = 200
    aliases: int = 100_000
    events: int = 500_000


class Composed(NamedTuple):
    """A document's value and marks, its duplicate keys, and where in the text it ends."""

    value: Any = None
    marks: Marks = (None,)
    duplicates: Sequence[tuple[Path, Extent]] = ()
    end: int = 0


def compose(text: str, limits: Limits) -> Composed:
    """The first YAML document in ``text``; go-yaml reads no further. Raises UnreadableError."""
    try:
        return _compose(parse(text), limits)
    except (YAMLError, ValueError, OverflowError) as error:  # the last two: of encode() and chr()
        raise explain(error, text) from None


def _compose(events: Iterator[Any], limits: Limits) -> Composed:
    next(events)
    opening: Any = next(events)
    if type(opening) is StreamEndEvent:
        return Composed()
    if opening.version not in {None, (1, 1)}:
        _refuse(opening, "found a YAML version that is not 1.1")
    composer = _Composer(limits)
    closing = composer.build(islice(events, limits.events))
    if closing is None:
        _refuse(opening, f"the document holds more than {limits.events} values")
    end = closing.start_mark.index
    return Composed(composer.root[0], composer.marks, composer.duplicates, end)


class _Composer:
    """The state of one document. ``build`` is the hot loop; the rest is for what is rare in it."""

    __slots__ = (
        "_anchors", "_limits", "_raw", "_raws", "_spent", "_stack", "duplicates", "marks", "root"
    )  # fmt: skip

    def __init__(self, limits: Limits) -> None:
        self.root: list[Any] = []
        self.marks: list[Any] = [0]
        self.duplicates: list[tuple[Path, Extent]] = []
        self._limits = limits
        self._anchors: dict[str, tuple[Any, Any] | None] = {}
        self._stack: list[tuple[Any, Any, Any, Any, Any]] = []
        self._spent = 0
        self._raws: dict[tuple[int, str], set[Any]] = {}
        self._raw: tuple[Any, Any] = (None, None)

    # Half of all time goes by in this loop: a call per event would cost a tenth of the reading.
    def build(self, events: Iterator[Any]) -> Any:  # noqa: C901, PLR0912, PLR0915
        """Fill ``root`` and ``marks``; the event that ends the document, or None without one."""
        node: Any = self.root
        marks: Any = self.marks
        key: Any = _ITEM
        key_event: Any = None
        stack, deepest, plain, hints = self._stack, self._limits.depth, PLAIN, HINTS
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                value = event.value
                if event.implicit[0]:
                    if not value or value[0] in hints:
                        value = plain[value]
                        if type(value) is float and key is not _KEY and not isfinite(value):
                            _refuse(event, f"JSON has no {event.value}")
                elif event.tag is not None:
                    value = _tagged(event, key)
                if event.anchor is not None:
                    self._anchors[event.anchor] = value, _extent(event)
                if key is _KEY:
                    key_event = event
                    if type(value) is not str:
                        key = self._key(node, value, event)
                    else:
                        key = _MERGE if value == "<<" and _merges(event) else value
                    continue
                if key is _ITEM:
                    node.append(value)
                    marks.append((event.start_mark.index, event.end_mark.index))
                    continue
                if key is _MERGE:
                    _refuse_merge(key_event)
                if key in node:
                    self._repeat(node, key, key_event)
                node[key] = value
                start, end = event.start_mark.index, event.end_mark.index
                marks[key] = key_event.start_mark.index, key_event.end_mark.index, start, end
                key = _KEY
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if key is _KEY:
                    _refuse(event, "a mapping key cannot be a mapping or list")
                if len(stack) >= deepest:
                    _refuse(event, f"nested deeper than {deepest} levels")
                child: Any = {} if kind is MappingStartEvent else []
                start = event.start_mark.index
                inside: Any = {None: start} if kind is MappingStartEvent else [start]
                if key is not _MERGE:
                    self._put(node, marks, (key, key_event), child, inside)
                if event.anchor is not None:
                    self._anchors[event.anchor] = None
                stack.append((node, marks, key, key_event, event.anchor))
                node, marks = child, inside
                key = _KEY if kind is MappingStartEvent else _ITEM
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                child, inside = node, marks
                node, marks, key, key_event, anchor = stack.pop()
                if anchor is not None:
                    self._anchors[anchor] = child, inside
                if key is _MERGE:
                    self._merge(node, marks, key_event, _sources(child, inside))
                if key is not _ITEM:
                    key = _KEY
            elif kind is AliasEvent:
                child, inside = self._alias(event)
                if key is _KEY:
                    key, key_event = self._key(node, child, event), event
                    continue
                self._put(node, marks, (key, key_event), child, inside)
                key = _ITEM if key is _ITEM else _KEY
            elif kind is DocumentEndEvent:
                return event
        return None

    def _put(self, node: Any, marks: Any, at: tuple[Any, Any], value: Any, mark: Any) -> None:
        """Set a mapping or list, or what an alias stands for, in its parent."""
        key, key_event = at
        if isinstance(value, float) and not isfinite(value):
            raise UnreadableError(mark[0], "JSON has no infinity and no NaN")
        if key is _ITEM:
            node.append(value)
            marks.append(mark)
            return
        if key is _MERGE:
            self._merge(node, marks, key_event, [(value, mark)])
            return
        if key in node:
            self._repeat(node, key, key_event)
        node[key] = value
        marks[key] = _extent(key_event) + (mark if type(mark) is tuple else (mark,))

    def _alias(self, event: Any) -> tuple[Any, Any]:
        """The value and marks that an alias stands for."""
        name = event.anchor
        if name not in self._anchors:
            _refuse(event, f"unknown anchor {quoted(name)}")
        found = self._anchors[name]
        if found is None:
            _refuse(event, f"anchor {quoted(name)} contains itself")
        self._spent += _size(found[0], self._limits.aliases)
        if self._spent > self._limits.aliases:
            _refuse(event, f"aliases stand for more than {self._limits.aliases} values")
        return found

    def _merge(
        self, node: Any, marks: Any, key_event: Any, sources: Iterable[tuple[Any, Any]]
    ) -> None:
        """Merge mappings with their marks; later ones win, and win over what is there."""
        for source, source_marks in sources:
            if not isinstance(source, dict):
                _refuse_merge(key_event)
            for key in source.keys() & node.keys():
                self._duplicate(key, key_event)
            node.update(source)
            start = marks[None]
            marks.update(source_marks)
            marks[None] = start

    def _key(self, node: Any, value: Any, event: Any) -> Any:
        """The key that a value which is no plain string makes."""
        if isinstance(value, dict | list):
            _refuse(event, "a mapping key cannot be a mapping or list")
        plain = type(event) is ScalarEvent and event.implicit[0]
        raw = literal(event.value) if plain else value
        try:
            text = key_text(raw)
        except ScalarError as error:
            _refuse(event, str(error))
        self._raw = (event, (type(raw), raw))
        seen = {(str, text)} if text in node else {self._raw[1]}
        self._raws.setdefault((id(node), text), seen)
        return text

    def _repeat(self, node: Any, key: str, key_event: Any) -> None:
        """Note a duplicate, unless the keys differ before they become JSON: 1 and "1" do."""
        seen = self._raws.get((id(node), key))
        if seen is not None:
            raw = self._raw[1] if self._raw[0] is key_event else (str, key)
            if raw not in seen:
                seen.add(raw)
                return
        self._duplicate(key, key_event)

    def _duplicate(self, key: str, key_event: Any) -> None:
        if len(self.duplicates) < _MOST_DUPLICATES:
            self.duplicates.append(((*self._path(), key), _extent(key_event)))

    def _path(self) -> Iterator[str | int]:
        """The path of the mapping in hand. What ``<<`` holds belongs to the mapping around it."""
        around = None
        for node, _, key, _, _ in self._stack[1:]:
            if key is _ITEM and around is not _MERGE:
                yield len(node) - 1
            elif key is not _ITEM and key is not _MERGE:
                yield key
            around = key


def _tagged(event: Any, key: Any) -> Any:
    try:
        value = as_json(tagged(event.tag, event.value))
    except ScalarError as error:
        _refuse(event, str(error))
    if isinstance(value, float) and key is not _KEY and not isfinite(value):
        _refuse(event, f"JSON has no {event.value}")
    return value


def _merges(event: Any) -> bool:
    return bool(event.implicit[0]) or event.tag == "tag:yaml.org,2002:merge"


def _sources(value: Any, mark: Any) -> list[tuple[Any, Any]]:
    """What is to be merged, from the last to the first: of a list the earlier ones win."""
    if isinstance(value, dict):
        return [(value, mark)]
    return list(zip(value, mark[1:], strict=True))[::-1]


def _size(value: Any, limit: int) -> int:
    """How many values ``value`` holds, itself among them; counted to just beyond ``limit``. A text
    counts once a line, for whoever reads it reads all of it."""
    size, inside = 0, [value]
    while inside and size <= limit:
        value = inside.pop()
        size += 1
        if isinstance(value, dict):
            inside.extend(value.values())
        elif isinstance(value, list):
            inside.extend(value)
        elif isinstance(value, str):
            size += len(value) // _LINE
    return size


def _extent(event: Any) -> Extent:
    return event.start_mark.index, event.end_mark.index


def _refuse_merge(key_event: Any) -> NoReturn:
    _refuse(key_event, "<< takes a mapping or a list of mappings")


def _refuse(event: Any, reason: str) -> NoReturn:
    raise UnreadableError(event.start_mark.index, reason)
