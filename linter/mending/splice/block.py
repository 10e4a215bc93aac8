"""Edits of mappings and lists that stand on lines of their own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from linter.mending.splice.nodes import (
    Change,
    Node,
    Unspliceable,
    content_end,
    line_end,
    line_start,
    skip,
)
from linter.mending.splice.placement import place
from linter.mending.splice.sheet import Sheet
from linter.mending.splice.writing import entry, listed


class Run(NamedTuple):
    """New keys that go together, before the part ``before``: over the comment that belongs to that
    part where they cling to it, else right after the part before it."""

    before: int
    clings: bool
    keys: list[str]


def runs(names: Sequence[str], added: Iterable[str]) -> Iterator[Run]:
    """Where among ``names`` each of ``added`` goes, neighbors together, in written order."""
    order: list[tuple[str, bool | None]] = [(name, None) for name in names]
    for key in added:
        index, clings = place(key, [name for name, _ in order])
        order.insert(index, (key, clings and order[index][1] is None))
    seen = 0
    for written, group in groupby(order, key=lambda one: one[1] is None):
        keys = list(group)
        if written:
            seen += len(keys)
        else:
            yield Run(seen, any(clings for _, clings in keys), [name for name, _ in keys])


def add_keys(
    sheet: Sheet, node: Node, names: Sequence[str], added: dict[str, Any]
) -> Iterator[Change]:
    """Lines for the keys of ``added``; ``names`` are those of the mapping's parts."""
    at = sheet.column(node.parts[0][0].start)
    habits = sheet.habits_in(node)
    quoted = all(key.style == '"' for key, _ in node.parts)
    for index, clings, keys in runs(names, added):
        lines = [line for key in keys for line in entry(key, added[key], at, habits, quoted=quoted)]
        if clings and sheet.first_on_line(node.parts[index][0].start):
            yield _lines(sheet, _above(sheet, node.parts[index][0], at), lines)
        else:
            part = node.parts[index if clings else max(index - 1, 0)]
            yield _lines(sheet, _below(sheet, part, at), lines)


def append_items(sheet: Sheet, node: Node, items: Sequence[Any]) -> Iterator[Change]:
    """Lines for new items at a list's end."""
    at = sheet.column(sheet.dash(node, 0))
    first = node.parts[0]
    width = first.start - sheet.dash(node, 0)
    known = 1 < width <= 16 and "\n" not in sheet.text[first.start - width : first.start]
    habits = sheet.habits._replace(dash=width) if known else sheet.habits
    lines = [line for item in items for line in listed(item, at, habits)]
    yield _lines(sheet, _below(sheet, node.parts[-1], at), lines)


def put_below(sheet: Sheet, at: int, lines: Sequence[str]) -> Change:
    """Lines after the one in which ``at`` stands."""
    return _lines(sheet, line_end(sheet.text, at), lines)


def remove_keys(sheet: Sheet, node: Node, gone: Sequence[int]) -> Iterator[Change]:
    """Without some of a mapping's keys; at least one stays."""
    starts = [key.start for key, _ in node.parts]
    yield from _remove(sheet, node, starts, gone)


def remove_items(sheet: Sheet, node: Node, gone: Sequence[int]) -> Iterator[Change]:
    """Without some of a list's items; at least one stays."""
    starts = [sheet.dash(node, index) for index in range(len(node.parts))]
    yield from _remove(sheet, node, starts, gone)


def empty(sheet: Sheet, node: Node, key: Node | None) -> Iterator[Change]:
    """Without anything in it: ``{}`` or ``[]`` after the key, its lines taken away."""
    sheet.free(node)
    nothing = "{}" if node.kind == "mapping" else "[]"
    starts = (
        [first.start for first, _ in node.parts]
        if node.kind == "mapping"
        else [sheet.dash(node, index) for index in range(len(node.parts))]
    )
    if key is None or not all(map(sheet.first_on_line, starts)):
        yield _replace(sheet, starts[0], node, nothing)
        return
    at = sheet.colon(key)
    if node.tag is not None or node.anchor is not None:
        raise Unspliceable("what is emptied has a tag or an anchor")
    yield Change(at, at, f" {nothing}")
    for part, start in zip(node.parts, starts, strict=True):
        yield _delete(sheet, start, part)


def collapse(sheet: Sheet, node: Node, key: Node | None, text: str) -> Iterator[Change]:
    """A block as a whole becomes ``text`` on its key's line, or on its item's."""
    sheet.free(node)
    if node.tag is not None or node.anchor is not None:
        raise Unspliceable("what is replaced has a tag or an anchor")
    if key is None:
        yield _replace(sheet, node.start, node, text)
        return
    at, end = sheet.colon(key), content_end(sheet.text, node)
    if sheet.commented(at, end):
        raise Unspliceable("comments stand in what is replaced")
    yield Change(at, end, f" {text}")


def _replace(sheet: Sheet, start: int, node: Node, text: str) -> Change:
    end = content_end(sheet.text, node)
    if sheet.commented(start, end):
        raise Unspliceable("comments stand in what is replaced")
    return Change(start, end, text)


def _lines(sheet: Sheet, at: int, lines: Sequence[str]) -> Change:
    newline = sheet.habits.newline
    text = newline.join(lines)
    if at and sheet.text[at - 1] != "\n":
        return Change(at, at, newline + text)
    return Change(at, at, text + newline)


def _below(sheet: Sheet, part: Node | tuple[Node, Node], at: int) -> int:
    """The line after a part, and after the comments that stand deeper than its siblings."""
    key, node = part if isinstance(part, tuple) else (None, part)
    place_ = end = line_end(sheet.text, content_end(sheet.text, node, key))
    while end < len(sheet.text):
        line = sheet.text[end : line_end(sheet.text, end)]
        bare = line.lstrip(" ")
        if bare.strip() and (bare[0] != "#" or len(line) - len(bare) <= at):
            break
        end += len(line)
        if bare.strip():
            place_ = end
    return place_


def _above(sheet: Sheet, key: Node, at: int) -> int:
    """The line of a key, or of the comment over it that belongs to it."""
    here = line_start(sheet.text, key.start)
    while here > 0:
        above = line_start(sheet.text, here - 1)
        line = sheet.text[above:here]
        if line[:at].strip(" ") or line[at : at + 1] != "#":
            break
        here = above
    return here


def _remove(
    sheet: Sheet, node: Node, starts: Sequence[int], gone: Sequence[int]
) -> Iterator[Change]:
    """The lines of the parts that go; where the first shares its line, the next moves up to it."""
    left = [index for index in range(len(node.parts)) if index not in set(gone)]
    for index in gone:
        sheet_part = node.parts[index]
        for leaf in sheet_part if isinstance(sheet_part, tuple) else (sheet_part,):
            sheet.free(leaf)
    if not sheet.first_on_line(starts[0]) and left[0] > 0:
        yield _move_up(sheet, node, starts, left[0])
        gone = [index for index in gone if index > left[0]]
    for index in gone:
        yield _delete(sheet, starts[index], node.parts[index])


def _move_up(sheet: Sheet, node: Node, starts: Sequence[int], first: int) -> Change:
    part = node.parts[first - 1]
    key, value = part if isinstance(part, tuple) else (None, part)
    after = line_end(sheet.text, content_end(sheet.text, value, key))
    if after > starts[first] or skip(sheet.text, starts[0]) != starts[0]:
        raise Unspliceable("what is removed shares its line")
    if sheet.commented(after, starts[first]):
        raise Unspliceable("comments stand after what is removed")
    return Change(starts[0], starts[first], "")


def _delete(sheet: Sheet, start: int, part: Node | tuple[Node, Node]) -> Change:
    key, node = part if isinstance(part, tuple) else (None, part)
    if not sheet.first_on_line(start):
        raise Unspliceable("what is removed shares its line")
    end = content_end(sheet.text, node, key)
    return Change(line_start(sheet.text, start), line_end(sheet.text, end), "")
