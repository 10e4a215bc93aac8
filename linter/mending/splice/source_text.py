"""A document's text with its nodes, and the style it is written in."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from linter.mending.splice.nodes import (
    Node,
    Unspliceable,
    column,
    compose_nodes,
    line_end,
    line_start,
    skip,
)
from linter.mending.splice.writing import TextStyle
from rules.paths import Path, dig, dotted
from rules.type_names import Any

_MERGE = "<<"


class SourceText:
    """The text of one document, composed once. ``sharing``: what stands in several places by
    aliases may change in all of them."""

    __slots__ = ("_scalars", "aliased", "root", "sharing", "style", "text")

    def __init__(self, text: str, *, sharing: bool = False) -> None:
        self.text = text
        self.sharing = sharing
        self.root, self.aliased = compose_nodes(text)
        self.style = _read_style(text, self.root)
        self._scalars: list[tuple[int, int]] | None = None

    def column(self, at: int) -> int:
        """How far from the beginning of its line ``at`` stands."""
        return column(self.text, at)

    def style_in(self, mapping: Node) -> TextStyle:
        """The document's style, but for what the mapping's own children show."""
        steps, offsets = _indentation(self.text, (mapping,))
        return self.style._replace(
            step=_commonest(steps, self.style.step, range(1, 17)),
            offset=_commonest(offsets, self.style.offset, range(17)),
        )

    def first_on_line(self, at: int) -> bool:
        """Whether nothing but spaces, or JSON's tabs, stands before ``at`` in its line."""
        return not self.text[line_start(self.text, at) : at].strip(" \t")

    def newline(self, at: int) -> str:
        """How the line above that of ``at`` ends; above the first, how the first does."""
        end = self.text.rfind("\n", 0, at)
        if end < 0:
            end = self.text.find("\n")
        return "\r\n" if end > 0 and self.text[end - 1] == "\r" else "\n"

    def margin(self, at: int) -> str:
        """The white space that the line of ``at`` begins with."""
        line = self.text[line_start(self.text, at) : at]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def commented(self, start: int, end: int) -> bool:
        """Whether a comment stands in ``[start, end)``."""
        return any(
            (at == 0 or self.text[at - 1].isspace()) and not self._in_scalar(at)
            for at in _finds(self.text, "#", start, end)
        )

    def _in_scalar(self, at: int) -> bool:
        if self._scalars is None:
            nodes = (node for node in self.root.leaves() if node.kind == "scalar")
            self._scalars = sorted((self._content(node), node.end) for node in nodes)
        # len(self.text) sorts after every end, so that a scalar which begins at `at` counts.
        index = bisect_right(self._scalars, (at, len(self.text))) - 1
        return index >= 0 and at < self._scalars[index][1]

    def _content(self, node: Node) -> int:
        """Where a scalar's own text begins: what follows a block's indicator may be a comment."""
        return line_end(self.text, node.body) if node.literal else node.body

    def colon(self, key: Node) -> int:
        """Where the colon of ``key`` ends."""
        at = skip(self.text, key.end)
        if self.text[at : at + 1] != ":":
            raise Unspliceable("a key stands without a value")
        return at + 1

    def dash(self, sequence: Node, index: int) -> int:
        """Where the dash of an item of a block list stands."""
        if index == 0:
            at = skip(self.text, sequence.body)
        else:
            at = skip(self.text, _end(sequence.parts[index - 1]))
        if self.text[at : at + 1] != "-":
            raise Unspliceable("a list's dash was not found")
        return at

    def free(self, node: Node) -> None:
        """Make sure that no alias elsewhere speaks of ``node`` or of what is in it."""
        for leaf in node.leaves():
            self.unshared(leaf)

    def unshared(self, node: Node) -> None:
        """Check that no alias refers to ``node``, unless all its places may change."""
        if node.anchor in self.aliased and not self.sharing:
            raise Unspliceable(f"&{node.anchor} is used elsewhere in the document (*{node.anchor})")


def entries(node: Node, value: dict[str, Any]) -> dict[str, tuple[Node, Node]]:
    """The parts of a mapping by the keys of its value; keys that a merge brings have none.

    Raises ``Unspliceable`` where a key is written twice.
    """
    merges = any(is_merge(key) for key, _ in node.parts)
    if not merges and len(node.parts) == len(value):
        # Both are in written order; the value's keys are what Kubernetes makes of `yes:` or `0x1:`.
        return dict(zip(value, node.parts, strict=True))
    found: dict[str, tuple[Node, Node]] = {}
    for key, item in node.parts:
        if is_merge(key):
            continue
        if key.value in found:
            raise Unspliceable(f"{key.value} is written twice")
        found[key.value] = (key, item)
    return found


def find_node(source: SourceText, value: Any, path: Path) -> Node:
    """The node at ``path``; every node on the way must be its own, and no other place's."""
    node = source.root
    for depth, key in enumerate(path):
        found = dig(value, path[:depth])
        if node.kind == "mapping" and isinstance(found, dict):
            node = _named(entries(node, found), str(key))[1]
        elif node.kind == "sequence" and isinstance(key, int) and key < len(node.parts):
            node = node.parts[key]
        else:
            raise Unspliceable(f"{dotted(path[:depth])}: an alias stands here")
        source.unshared(node)
    return node


def find_pair(source: SourceText, value: Any, path: Path) -> tuple[Node, Node]:
    """The key and the value at ``path`` of a mapping, which must be no other place's."""
    *parent, key = path
    node = find_node(source, value, tuple(parent))
    if node.kind != "mapping":
        raise Unspliceable(f"{dotted(tuple(parent))}: an alias stands here")
    return _named(entries(node, dig(value, tuple(parent))), str(key))


def _named(parts: dict[str, tuple[Node, Node]], key: str) -> tuple[Node, Node]:
    if key not in parts:
        raise Unspliceable(f"{key} comes from a merge key (<<)")
    return parts[key]


def is_merge(key: Node) -> bool:
    """Whether a mapping's key is ``<<``, which takes over the keys of another mapping."""
    return key.kind == "scalar" and key.value == _MERGE and not key.style


def _end(node: Node) -> int:
    """Where a node's last character stands; a block collection's own end is the next token's."""
    while node.block and node.parts:
        part = node.parts[-1]
        node = part[1] if isinstance(part, tuple) else part
    return node.end


def _finds(text: str, what: str, start: int, end: int) -> Iterator[int]:
    at = text.find(what, start, end)
    while at >= 0:
        yield at
        at = text.find(what, at + 1, end)


def _read_style(text: str, root: Node) -> TextStyle:
    """The commonest way of each; a document without an example of one has the usual."""
    dashes: Counter[int] = Counter()
    quotes: Counter[str] = Counter()
    for node in root.leaves():
        if node.kind == "scalar" and node.style in ("'", '"'):
            quotes[node.style] += 1
        # With an anchor or a tag before it, the first dash does not show the usual width.
        if node.kind == "sequence" and node.block and node.parts and node.body == node.start:
            dashes[node.parts[0].start - node.start] += 1
    step, offset = _indentation(text, root.leaves())
    return TextStyle(
        _commonest(step, 2, range(1, 17)),
        _commonest(offset, 0, range(17)),
        _commonest(dashes, 2, range(2, 17)),
        quotes.most_common(1)[0][0] if quotes else '"',
        tabs=root.flow and "\n\t" in text,
        compact=root.flow and _is_compact(text, root),
    )


def _is_compact(text: str, root: Node) -> bool:
    """Whether most colons and commas of a JSON text have no space after them."""
    gaps = Counter(
        text[at : at + 1] == " "
        for node in root.leaves()
        for part, then in zip_longest(node.parts, node.parts[1:])
        for at in _separators(text, part, then)
    )
    return gaps[False] > gaps[True]


def _separators(text: str, part: Node | tuple[Node, Node], then: Any) -> Iterator[int]:
    """Where the colon of a part ends, and the comma after it that does not end a line."""
    if isinstance(part, tuple):
        yield skip(text, part[0].end) + 1
    comma = skip(text, _end(part[1] if isinstance(part, tuple) else part)) + 1
    if then is not None and not text.startswith(("\n", "\r"), comma):
        yield comma


def _indentation(text: str, nodes: Iterable[Node]) -> tuple["Counter[int]", "Counter[int]"]:
    """How far mappings and dashes stand from the keys that hold them."""
    steps: Counter[int] = Counter()
    offsets: Counter[int] = Counter()
    for node in nodes:
        for key, value in node.parts if node.kind == "mapping" else ():
            # `key: {a: 1}` says nothing of how far things are indented.
            if not value.parts or line_start(text, key.start) == _line_of_first(text, value):
                continue
            here = column(text, key.start)
            if value.kind == "mapping":
                steps[column(text, value.parts[0][0].start) - here] += 1
            elif value.block and value.body == value.start:
                offsets[column(text, value.start) - here] += 1
    return steps, offsets


def _line_of_first(text: str, node: Node) -> int:
    part = node.parts[0]
    return line_start(text, part[0].start if isinstance(part, tuple) else part.start)


def _commonest(counts: "Counter[int]", usual: int, allowed: range) -> int:
    found = [(count, -step) for step, count in counts.items() if step in allowed]
    return -max(found)[1] if found else usual
