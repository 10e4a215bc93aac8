"""A document's text as nodes with their places in it.

Composed from the events that ``rules.reader`` reads values from, so that values and places cannot
disagree: another library's composer reads YAML 1.2, and takes ten times as long.
Places are character offsets.
"""

from collections.abc import Iterator

import yaml

from rules.composed import UnreadableError
from rules.events import parse
from rules.lazy_pattern import LazyPattern
from rules.record import NamedTuple
from rules.type_names import Any

_PROPERTIES = LazyPattern(r"(?:[&!][^\s,\[\]{}]*[ \t]*){1,2}")
_BLANK = LazyPattern(r"(?:\s+|(?:(?<=\s)|^)#[^\n]*)*")


class Unspliceable(Exception):
    """The text is written in a way that is not edited; the message is the reason."""


class Change(NamedTuple):
    """Put ``text`` in place of ``[start, end)``."""

    start: int
    end: int
    text: str


class Node:
    """A scalar, mapping, sequence or alias.

    ``start`` is where its anchor or tag stands, ``body`` where the value itself does. ``parts`` are
    (key, value) pairs of a mapping and items of a sequence; ``value`` is a scalar's text.
    """

    __slots__ = ("anchor", "body", "end", "flow", "kind", "parts", "start", "style", "tag", "value")

    def __init__(self, kind: str, start: int, end: int) -> None:
        self.kind = kind
        self.start = self.body = start
        self.end = end
        self.flow = False
        self.anchor: str | None = None
        self.tag: str | None = None
        self.style: str | None = None
        self.value = ""
        self.parts: list[Any] = []

    @property
    def block(self) -> bool:
        """Whether this is a mapping or sequence on lines of its own."""
        return self.kind in ("mapping", "sequence") and not self.flow

    @property
    def literal(self) -> bool:
        """Whether this is a scalar whose content stands on the following lines."""
        return self.kind == "scalar" and self.style in ("|", ">")

    def leaves(self) -> Iterator["Node"]:
        """The node and all below it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            for part in node.parts:
                stack.extend(part if isinstance(part, tuple) else (part,))


def compose_nodes(text: str) -> tuple[Node, set[str]]:
    """The root node of the first document in ``text``, and the anchors that aliases point at.

    Raises ``Unspliceable`` where the text does not parse or holds no document. What follows the
    first document is not read, as by Kubernetes.
    """
    try:
        return _compose(text)
    except (yaml.YAMLError, UnreadableError) as error:
        raise Unspliceable(f"the text does not parse: {error}") from error


def _compose(text: str) -> tuple[Node, set[str]]:
    aliased: set[str] = set()
    stack: list[tuple[Node, list[Node]]] = []
    top: list[Node] = []
    children = top
    for event in parse(text):
        if isinstance(event, yaml.CollectionEndEvent):
            # No recursion: nesting is as deep as the text wants it.
            node, outer = stack.pop()
            node.end = _end_of(event)
            node.parts = _pairs(children) if node.kind == "mapping" else children
            children = outer
        elif isinstance(event, yaml.NodeEvent):
            node = _node(text, event)
            children.append(node)
            if node.kind == "alias":
                aliased.add(str(event.anchor))
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append((node, children))
                children = []
        # What follows is another document's: kubectl reads the first of a piece alone.
        elif isinstance(event, yaml.DocumentEndEvent):
            return top[0], aliased
    raise Unspliceable("there is no document in the text")


def _end_of(event: Any) -> int:
    return int(event.end_mark.index)


def _pairs(nodes: list[Node]) -> list[tuple[Node, Node]]:
    return list(zip(nodes[::2], nodes[1::2], strict=True))


def _node(text: str, event: Any) -> Node:
    kinds = {
        yaml.AliasEvent: "alias",
        yaml.ScalarEvent: "scalar",
        yaml.MappingStartEvent: "mapping",
        yaml.SequenceStartEvent: "sequence",
    }
    node = Node(kinds[type(event)], event.start_mark.index, event.end_mark.index)
    if node.kind == "alias":
        return node
    node.anchor, node.tag = event.anchor, event.tag
    if node.anchor is not None or node.tag is not None:
        found = _PROPERTIES.match(text, node.start)
        node.body = found.end() if found else node.start
    if node.kind == "scalar":
        node.body = min(node.body, node.end)
        node.value, node.style = event.value, event.style
    else:
        node.flow = bool(event.flow_style)
    return node


def skip(text: str, at: int) -> int:
    """The next place from ``at`` where neither white space nor a comment stands."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


def line_start(text: str, at: int) -> int:
    """Where the line of ``at`` begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Where the line after that of ``at`` begins."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def column(text: str, at: int) -> int:
    """How far from the beginning of its line ``at`` stands."""
    return at - line_start(text, at)


def content_end(text: str, node: Node, key: Node | None = None) -> int:
    """Where the last character of ``node`` stands, without the lines that only follow it."""
    while node.block and node.parts:
        part = node.parts[-1]
        key, node = part if isinstance(part, tuple) else (None, part)
    if not node.literal:
        return max(node.end, key.end if key else 0)
    raw = text[node.body : node.end]
    if "+" not in raw.partition("\n")[0].partition("#")[0]:
        return node.body + len(raw.rstrip())
    return node.end - 1 if raw.endswith("\n") else node.end
