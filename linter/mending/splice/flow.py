"""Edits of mappings and lists in braces and brackets, JSON among them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from linter.mending.splice.block import runs
from linter.mending.splice.nodes import Change, Node, Unspliceable, line_end, line_start, skip
from linter.mending.splice.sheet import Sheet
from linter.mending.splice.writing import inline, scalar, spread

Part = Node | tuple[Node, Node]


def add_keys(
    sheet: Sheet, node: Node, names: Sequence[str], added: dict[str, Any]
) -> Iterator[Change]:
    """Text for the keys of ``added``; ``names`` are those of the mapping's parts."""
    quoted = _quoted(sheet, node)
    at = sheet.column(node.parts[0][0].start) if node.parts else _inner_column(sheet, node)
    write = _writer(sheet, node, at, quoted=quoted)

    def pair(key: str) -> str:
        return f"{scalar(key, sheet.habits.quote, quoted=quoted)}: {write(added[key])}"

    for index, _, keys in runs(names, added):
        yield from _insert(sheet, node, index, [pair(key) for key in keys])


def append_items(sheet: Sheet, node: Node, items: Sequence[Any]) -> Iterator[Change]:
    """Text for new items at a list's end."""
    at = sheet.column(node.parts[0].start) if node.parts else _inner_column(sheet, node)
    write = _writer(sheet, node, at, quoted=_quoted(sheet, node))
    yield from _insert(sheet, node, len(node.parts), [write(item) for item in items])


def value_text(sheet: Sheet, parent: Node, value: Any) -> str:
    """``value`` as it is written in place of another in ``parent``."""
    quoted = _quoted(sheet, parent)
    part = parent.parts[0]
    at = sheet.column(_start(part))
    return _writer(sheet, parent, at, quoted=quoted)(value)


def remove(sheet: Sheet, node: Node, gone: Sequence[int]) -> Iterator[Change]:
    """Without some of the parts, and without their commas."""
    for index in gone:
        part = node.parts[index]
        for leaf in part if isinstance(part, tuple) else (part,):
            sheet.free(leaf)
    count = len(node.parts)
    if len(gone) == count:
        yield _without_comments(sheet, Change(node.body + 1, node.end - 1, ""))
        return
    index = 0
    while index < count:
        end = index
        while end in gone:
            end += 1
        if end > index:
            yield _without_comments(sheet, _cut(node, index, end))
        index = end + 1


def _cut(node: Node, start: int, end: int) -> Change:
    if end < len(node.parts):
        return Change(_start(node.parts[start]), _start(node.parts[end]), "")
    return Change(_end(node.parts[start - 1]), _end(node.parts[-1]), "")


def _without_comments(sheet: Sheet, change: Change) -> Change:
    if sheet.commented(change.start, change.end):
        raise Unspliceable("comments stand in what is removed")
    return change


def _insert(sheet: Sheet, node: Node, index: int, texts: Sequence[str]) -> Iterator[Change]:
    """``texts`` before the part ``index``, each on its line where the others are."""
    tall = _tall(sheet, node)
    if index < len(node.parts):
        start = _start(node.parts[index])
        gap = _line_gap(sheet, start) if tall else " "
        yield Change(start, start, "".join(f"{text},{gap}" for text in texts))
        return
    if not node.parts:
        yield _fill(sheet, node, texts)
        return
    end = _end(node.parts[-1])
    gap = _line_gap(sheet, _start(node.parts[-1])) if tall else " "
    comma = skip(sheet.text, end)
    trailing = sheet.text[comma : comma + 1] == ","
    joined = f",{gap}".join(texts)
    rest = sheet.text[end : line_end(sheet.text, end)]
    if not tall or "#" not in rest:
        yield Change(end, end, f",{gap}{joined}")
        return
    if not trailing:
        yield Change(end, end, ",")
    at = end + len(rest.rstrip("\r\n"))
    yield Change(at, at, gap + joined + ("," if trailing else ""))


def _fill(sheet: Sheet, node: Node, texts: Sequence[str]) -> Change:
    if sheet.text[node.body + 1 : node.end - 1].strip():
        raise Unspliceable("comments stand in what is filled")
    if not _pretty(sheet, node):
        return Change(node.body + 1, node.end - 1, ", ".join(texts))
    base = sheet.habits.newline + " " * _indent(sheet, node)
    gap = base + " " * sheet.habits.step
    return Change(node.body + 1, node.end - 1, gap + f",{gap}".join(texts) + base)


def _writer(sheet: Sheet, node: Node, at: int, *, quoted: bool) -> Callable[[Any], str]:
    """How values are written in ``node``: over several lines in JSON that is, else on one."""
    if quoted and _pretty(sheet, node):
        return lambda value: spread(value, at, sheet.habits)
    return lambda value: inline(value, sheet.habits.quote, quoted=quoted)


def _quoted(sheet: Sheet, node: Node) -> bool:
    """Whether everything is in quotation marks, as in JSON; an empty one goes by its document."""
    if node.kind == "mapping" and node.parts:
        return all(key.style == '"' for key, _ in node.parts)
    top = sheet.root
    return top.flow and bool(top.parts) and (top.kind == "sequence" or _quoted(sheet, top))


def _tall(sheet: Sheet, node: Node) -> bool:
    """Whether each part stands on a line of its own."""
    return bool(node.parts) and all(sheet.first_on_line(_start(part)) for part in node.parts)


def _pretty(sheet: Sheet, node: Node) -> bool:
    """Whether new parts of ``node`` go on lines of their own."""
    if node.parts:
        return _tall(sheet, node)
    return sheet.root.flow and _tall(sheet, sheet.root)


def _line_gap(sheet: Sheet, at: int) -> str:
    return sheet.habits.newline + sheet.text[line_start(sheet.text, at) : at]


def _indent(sheet: Sheet, node: Node) -> int:
    line = sheet.text[line_start(sheet.text, node.body) :]
    return len(line) - len(line.lstrip(" "))


def _inner_column(sheet: Sheet, node: Node) -> int:
    return _indent(sheet, node) + sheet.habits.step


def _start(part: Part) -> int:
    return part[0].start if isinstance(part, tuple) else part.start


def _end(part: Part) -> int:
    return max(part[0].end, part[1].end) if isinstance(part, tuple) else part.end
