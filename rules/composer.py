"""One YAML document to plain dicts and lists, with the marks of everything in it.

Nothing here recurses, so that nesting is bounded by ``Limits`` and not by the stack. What events
mean is as in ``go.yaml.in/yaml/v2`` (``decode.go``), duplicate keys as its ``UnmarshalStrict``.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from math import isfinite

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

from rules.anchors import Anchors, extent, list_sources, refuse
from rules.composed import Composed, Limits, UnreadableError
from rules.events import parse
from rules.marks import Repeated
from rules.scalars import HINTS, PLAIN, ScalarError, as_json, key_text, literal, tagged
from rules.type_names import Any, NoReturn

_KEY: Any = object()
"""In place of a key: the next event is one."""
_ITEM: Any = object()
"""In place of a key: the values belong to a list."""
_MERGE: Any = object()
"""In place of a key: ``<<``."""

_MOST_DUPLICATES = 1000  # each carries its path: without an end 10 MB of them would be gigabytes


def compose(text: str, limits: Limits) -> Composed:
    """The first YAML document in ``text``; go-yaml reads no further. Raises UnreadableError."""
    try:
        return _compose(parse(text), limits)
    except (YAMLError, ValueError, OverflowError, UnreadableError) as error:
        from rules.diagnosis import diagnose  # noqa: PLC0415  # start-up: most texts are fine

        raise diagnose(error, text) from None


def _compose(events: Iterator[Any], limits: Limits) -> Composed:
    next(events)
    opening: Any = next(events)
    if type(opening) is StreamEndEvent:
        return Composed()
    if opening.version not in {None, (1, 1)}:
        version = ".".join(map(str, opening.version))
        refuse(opening, f"%YAML {version} is announced: Kubernetes reads YAML 1.1")
    composer = _Composer(limits)
    closing = composer.build(islice(events, limits.events))
    if closing is None:
        refuse(opening, f"the document holds more than {limits.events} values")
    end = closing.start_mark.index
    return Composed(composer.root[0], composer.marks, composer.duplicates, end)


class _Composer:
    """The state of one document. ``build`` is the hot loop; the rest is for what is rarer in it.

    The collection in hand is ``node`` with its ``marks``; ``at`` is the key in it to which the next
    value belongs, and that key's event.
    """

    __slots__ = (
        "_anchors", "_depth", "_merged", "_raw", "_raws", "_stack", "duplicates", "marks", "root"
    )  # fmt: skip

    def __init__(self, limits: Limits) -> None:
        self.root: list[Any] = []
        self.marks: list[Any] = [0]
        self.duplicates: list[Repeated] = []
        self._anchors = Anchors(limits.aliases)
        self._depth = limits.depth
        self._stack: list[tuple[Any, ...]] = [(self.root, self.marks, _ITEM, None, None)]
        self._raws: dict[tuple[int, str], set[Any]] = {}
        self._merged: dict[int, tuple[Any, set[Any]]] = {}
        self._raw: tuple[Any, Any] = (None, None)

    # Half of all time goes by in this loop, most of it for scalars: a call for each of them would
    # cost a tenth of the reading.
    def build(self, events: Iterator[Any]) -> Any:  # noqa: C901, PLR0912
        """Fill ``root`` and ``marks``; the event that ends the document, or None without one."""
        stack, plain, hints = self._stack, PLAIN, HINTS
        node, marks, key, key_event, anchor = stack.pop()
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                value = event.value
                if event.implicit[0]:
                    if not value or value[0] in hints:
                        value = plain[value]
                        if type(value) is float and key is not _KEY:
                            _check_finite(event, value)
                elif event.tag is not None:
                    value = _tagged(event, key)
                if event.anchor is not None:
                    self._anchors.add(event.anchor, value, extent(event))
                if key is _KEY:
                    key_event = event
                    if type(value) is str and value != "<<":
                        key = value
                    else:
                        key = self._read_key(node, value, event)
                elif key is _ITEM:
                    node.append(value)
                    marks.append((event.start_mark.index, event.end_mark.index))
                elif key is _MERGE:
                    _refuse_merge(key_event)
                else:
                    if key in node:
                        self._repeat(node, key, key_event)
                    node[key] = value
                    start, end = event.start_mark.index, event.end_mark.index
                    marks[key] = key_event.start_mark.index, key_event.end_mark.index, start, end
                    key = _KEY
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                node, marks, key = self._open(event, node, marks, (key, key_event))
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                child, inside = node, marks
                node, marks, key, key_event, anchor = stack.pop()
                if anchor is not None:
                    self._anchors.add(anchor, child, inside)
                if key is _MERGE:
                    self._merge(node, marks, key_event, list_sources(child, inside))
                key = _ITEM if key is _ITEM else _KEY
            elif kind is AliasEvent:
                key, key_event = self._refer(event, node, marks, (key, key_event))
            elif kind is DocumentEndEvent:
                return event
        return None

    def _open(self, event: Any, node: Any, marks: Any, at: tuple[Any, Any]) -> tuple[Any, Any, Any]:
        """Begin a mapping or list: what is in hand from here on, and its first key."""
        key, key_event = at
        if key is _KEY:
            refuse(event, "a mapping key cannot be a mapping or list")
        if len(self._stack) >= self._depth:
            refuse(event, f"nested deeper than {self._depth} levels")
        start = event.start_mark.index
        mapping = type(event) is MappingStartEvent
        child: Any = {} if mapping else []
        inside: Any = {None: start} if mapping else [start]
        if key is not _MERGE:
            self._put(node, marks, at, child, inside)
        if event.anchor is not None:
            self._anchors.begin(event.anchor)
        self._stack.append((node, marks, key, key_event, event.anchor))
        return child, inside, _KEY if mapping else _ITEM

    def _refer(self, alias: Any, node: Any, marks: Any, at: tuple[Any, Any]) -> tuple[Any, Any]:
        """Put what an alias stands for where it stands: the next key, and its event."""
        key, key_event = at
        value, mark = self._anchors.resolve(alias)
        if key is _KEY:
            return self._key(node, value, alias), alias
        self._put(node, marks, at, value, mark)
        return _ITEM if key is _ITEM else _KEY, key_event

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
        marks[key] = extent(key_event) + (mark if type(mark) is tuple else (mark,))

    def _merge(
        self, node: Any, marks: Any, key_event: Any, sources: Iterable[tuple[Any, Any]]
    ) -> None:
        """Merge mappings with their marks; later ones win, and win over what is there.

        What a merge brought in may be set again: that is what merges are for.
        """
        if id(node) in self._merged:
            self._duplicate("<<", key_event, merged=True)
        _, merged = self._merged.setdefault(id(node), (node, set()))  # held: its id stays its own
        for source, source_marks in sources:
            if not isinstance(source, dict):
                _refuse_merge(key_event)
            for key in source:
                if key in node and key not in merged:
                    self._duplicate(key, key_event, merged=True)
            merged.update(source)
            node.update(source)
            start = marks[None]
            marks.update(source_marks)
            marks[None] = start

    def _read_key(self, node: Any, value: Any, event: Any) -> Any:
        """The key that a scalar makes which is no text, or ``<<``."""
        if type(value) is str:
            return _MERGE if _merges(event) else value
        return self._key(node, value, event)

    def _key(self, node: Any, value: Any, event: Any) -> Any:
        """The key that a value makes which is no text, or which an alias brings."""
        if isinstance(value, dict | list):
            refuse(event, "a mapping key cannot be a mapping or list")
        plain = type(event) is ScalarEvent and event.implicit[0]
        raw = literal(event.value) if plain else value
        try:
            text = key_text(raw)
        except ScalarError as error:
            refuse(event, str(error))
        self._raw = (event, (type(raw), raw))
        seen = {(str, text)} if text in node else {self._raw[1]}
        self._raws.setdefault((id(node), text), seen)
        return text

    def _repeat(self, node: Any, key: str, key_event: Any) -> None:
        """Note a duplicate, unless the keys differ before they become JSON: 1 and "1" do. What a
        merge brought in is overridden, as it is meant to be."""
        _, merged = self._merged.get(id(node), (None, ()))
        if merged and key in merged:
            merged.remove(key)
            return
        seen = self._raws.get((id(node), key))
        if seen is not None:
            raw = self._raw[1] if self._raw[0] is key_event else (str, key)
            if raw not in seen:
                seen.add(raw)
                return
        self._duplicate(key, key_event)

    def _duplicate(self, key: str, key_event: Any, *, merged: bool = False) -> None:
        if len(self.duplicates) < _MOST_DUPLICATES:
            path = (*self._path(), key)
            self.duplicates.append(Repeated(path, extent(key_event), merged))

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
        refuse(event, str(error))
    if isinstance(value, float) and key is not _KEY:
        _check_finite(event, value)
    return value


def _check_finite(event: Any, value: float) -> None:
    if not isfinite(value):
        refuse(event, f"JSON has no {event.value}")


def _merges(event: Any) -> bool:
    return bool(event.implicit[0]) or event.tag == "tag:yaml.org,2002:merge"


def _refuse_merge(key_event: Any) -> NoReturn:
    refuse(key_event, "<< takes a mapping or a list of mappings")
