"""Edits of mappings and lists in braces and brackets, JSON among them."""

from collections.abc import Callable, Iterator, Sequence

from linter.mending.splice.block import group_keys
from linter.mending.splice.nodes import Change, Node, Unspliceable, line_end, skip
from linter.mending.splice.source_text import SourceText
from linter.mending.splice.writing import inline, pair, spread
from rules.type_names import Any

NodePart = Node | tuple[Node, Node]


def add_keys(
    source: SourceText, node: Node, names: Sequence[str], added: dict[str, Any]
) -> Iterator[Change]:
    """Text for the keys of ``added``; ``names`` are those of the mapping's parts."""
    quoted = _quoted(source, node)
    write = _writer(source, node, quoted=quoted)
    for index, _, keys in group_keys(names, added):
        texts = [pair(key, write(added[key]), source.style, quoted) for key in keys]
        yield from _insert(source, node, index, texts)


def append_items(source: SourceText, node: Node, items: Sequence[Any]) -> Iterator[Change]:
    """Text for new items at a list's end."""
    write = _writer(source, node, quoted=_quoted(source, node))
    yield from _insert(source, node, len(node.parts), [write(item) for item in items])


def value_text(source: SourceText, parent: Node, value: Any) -> str:
    """``value`` as it is written in place of another in ``parent``."""
    return _writer(source, parent, quoted=_quoted(source, parent))(value)


def remove(source: SourceText, node: Node, gone: Sequence[int]) -> Iterator[Change]:
    """Without some of the parts, and without their commas."""
    for index in gone:
        part = node.parts[index]
        for leaf in part if isinstance(part, tuple) else (part,):
            source.free(leaf)
    count = len(node.parts)
    if len(gone) == count:
        yield _without_comments(source, Change(node.body + 1, node.end - 1, ""))
        return
    index = 0
    while index < count:
        end = index
        # Neighbours go as one change, commas between them and all.
        while end in gone:
            end += 1
        if end > index:
            yield _without_comments(source, _cut(node, index, end))
        index = end + 1


def _cut(node: Node, start: int, end: int) -> Change:
    if end < len(node.parts):
        return Change(_start(node.parts[start]), _start(node.parts[end]), "")
    return Change(_end(node.parts[start - 1]), _end(node.parts[-1]), "")


def _without_comments(source: SourceText, change: Change) -> Change:
    if source.commented(change.start, change.end):
        raise Unspliceable("comments stand in what is removed")
    return change


def _insert(source: SourceText, node: Node, index: int, texts: Sequence[str]) -> Iterator[Change]:
    """``texts`` before the part ``index``, each on its line where the others are."""
    tall = _tall(source, node)
    if index < len(node.parts):
        start = _start(node.parts[index])
        gap = _line_gap(source, start) if tall else source.style.gap
        yield Change(start, start, "".join(f"{text},{gap}" for text in texts))
        return
    if not node.parts:
        yield _fill(source, node, texts)
        return
    end = _end(node.parts[-1])
    gap = _line_gap(source, _start(node.parts[-1])) if tall else source.style.gap
    comma = skip(source.text, end)
    trailing = source.text[comma : comma + 1] == ","
    joined = f",{gap}".join(texts)
    rest = source.text[end : line_end(source.text, end)]
    # Before a comment at the line's end the comma has to come, after it the new parts.
    if not tall or "#" not in rest:
        yield Change(end, end, f",{gap}{joined}")
        return
    if not trailing:
        yield Change(end, end, ",")
    at = end + len(rest.rstrip("\r\n"))
    yield Change(at, at, gap + joined + ("," if trailing else ""))


def _fill(source: SourceText, node: Node, texts: Sequence[str]) -> Change:
    if source.text[node.body + 1 : node.end - 1].strip():
        raise Unspliceable("comments stand in what is filled")
    if not _pretty(source, node):
        return Change(node.body + 1, node.end - 1, f",{source.style.gap}".join(texts))
    gap = _line_start(source, node)
    base = gap.removesuffix(source.style.unit)
    return Change(node.body + 1, node.end - 1, gap + f",{gap}".join(texts) + base)


def _writer(source: SourceText, node: Node, *, quoted: bool) -> Callable[[Any], str]:
    """How values are written in ``node``: over several lines in JSON that is, else on one."""
    if quoted and _pretty(source, node):
        return lambda value: spread(value, _line_start(source, node), source.style)
    return lambda value: inline(value, source.style, quoted=quoted)


def _quoted(source: SourceText, node: Node) -> bool:
    """Whether everything is in quotation marks, as in JSON; an empty one goes by its document."""
    if node.kind == "mapping" and node.parts:
        return all(key.style == '"' for key, _ in node.parts)
    top = source.root
    return top.flow and bool(top.parts) and (top.kind == "sequence" or _quoted(source, top))


def _tall(source: SourceText, node: Node) -> bool:
    """Whether each part stands on a line of its own."""
    return bool(node.parts) and all(source.first_on_line(_start(part)) for part in node.parts)


def _pretty(source: SourceText, node: Node) -> bool:
    """Whether new parts of ``node`` go on lines of their own."""
    if node.parts:
        return _tall(source, node)
    return source.root.flow and _tall(source, source.root)


def _line_gap(source: SourceText, at: int) -> str:
    return source.newline(at) + source.margin(at)


def _line_start(source: SourceText, node: Node) -> str:
    """What comes before each part of ``node`` where they stand on lines of their own."""
    if node.parts:
        return _line_gap(source, _start(node.parts[0]))
    return _line_gap(source, node.body) + source.style.unit


def _start(part: NodePart) -> int:
    return part[0].start if isinstance(part, tuple) else part.start


def _end(part: NodePart) -> int:
    return max(part[0].end, part[1].end) if isinstance(part, tuple) else part.end
