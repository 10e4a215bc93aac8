"""Edits of mappings and lists that stand on lines of their own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from linter.mending.splice.nodes import (
    Change,
    Node,
    Unspliceable,
    content_end,
    line_end,
    line_start,
    skip,
)
from linter.mending.splice.placement import place_key
from linter.mending.splice.source_text import SourceText
from linter.mending.splice.writing import entry, listed
from rules.record import NamedTuple
from rules.type_names import Any


class KeyGroup(NamedTuple):
    """New keys that go together, before the part ``before``: over the comment that belongs to that
    part where they cling to it, else right after the part before it."""

    before: int
    clings: bool
    keys: list[str]


def group_keys(names: Sequence[str], added: Iterable[str]) -> Iterator[KeyGroup]:
    """Where among ``names`` each of ``added`` goes, neighbors together, in written order."""
    order: list[tuple[str, bool | None]] = [(name, None) for name in names]
    for key in added:
        index, clings = place_key(key, [name for name, _ in order])
        # It clings to a key that was written, never to one that is added with it: that has no
        # comment.
        order.insert(index, (key, clings and order[index][1] is None))
    seen = 0
    for written, group in groupby(order, key=lambda one: one[1] is None):
        keys = list(group)
        if written:
            seen += len(keys)
        else:
            yield KeyGroup(seen, any(clings for _, clings in keys), [name for name, _ in keys])


def add_keys(
    source: SourceText, node: Node, names: Sequence[str], added: dict[str, Any]
) -> Iterator[Change]:
    """Lines for the keys of ``added``; ``names`` are those of the mapping's parts."""
    at = source.column(node.parts[0][0].start)
    style = source.style_in(node)
    quoted = all(key.style == '"' for key, _ in node.parts)
    for index, clings, keys in group_keys(names, added):
        lines = [line for key in keys for line in entry(key, added[key], at, style, quoted=quoted)]
        # Where the mapping begins on a dash's line, nothing can be put above its first key.
        if clings and source.first_on_line(node.parts[index][0].start):
            yield _lines(source, _above(source, node.parts[index][0], at), lines)
        else:
            part = node.parts[index if clings else max(index - 1, 0)]
            yield _lines(source, _below(source, part, at), lines)


def append_items(source: SourceText, node: Node, items: Sequence[Any]) -> Iterator[Change]:
    """Lines for new items at a list's end."""
    at = source.column(source.dash(node, 0))
    first = node.parts[0]
    width = first.start - source.dash(node, 0)
    # Items on the line below their dash do not show how far from it they stand.
    known = 1 < width <= 16 and "\n" not in source.text[first.start - width : first.start]
    style = source.style._replace(dash=width) if known else source.style
    lines = [line for item in items for line in listed(item, at, style)]
    yield _lines(source, _below(source, node.parts[-1], at), lines)


def put_below(source: SourceText, at: int, lines: Sequence[str]) -> Change:
    """Lines after the one in which ``at`` stands."""
    return _lines(source, line_end(source.text, at), lines)


def remove_keys(source: SourceText, node: Node, gone: Sequence[int]) -> Iterator[Change]:
    """Without some of a mapping's keys; at least one stays."""
    starts = [key.start for key, _ in node.parts]
    yield from _remove(source, node, starts, gone)


def remove_items(source: SourceText, node: Node, gone: Sequence[int]) -> Iterator[Change]:
    """Without some of a list's items; at least one stays."""
    starts = [source.dash(node, index) for index in range(len(node.parts))]
    yield from _remove(source, node, starts, gone)


def empty(source: SourceText, node: Node, key: Node | None) -> Iterator[Change]:
    """Without anything in it: ``{}`` or ``[]`` after the key, its lines taken away."""
    source.free(node)
    nothing = "{}" if node.kind == "mapping" else "[]"
    starts = (
        [first.start for first, _ in node.parts]
        if node.kind == "mapping"
        else [source.dash(node, index) for index in range(len(node.parts))]
    )
    if key is None or not all(map(source.first_on_line, starts)):
        yield _replace(source, starts[0], node, nothing)
        return
    at = source.colon(key)
    if node.tag is not None or node.anchor is not None:
        raise Unspliceable("what is emptied has a tag or an anchor")
    yield Change(at, at, f" {nothing}")
    for part, start in zip(node.parts, starts, strict=True):
        yield _delete(source, start, part)


def collapse(source: SourceText, node: Node, key: Node | None, text: str) -> Iterator[Change]:
    """A block as a whole becomes ``text`` on its key's line, or on its item's."""
    source.free(node)
    if node.tag is not None or node.anchor is not None:
        raise Unspliceable("what is replaced has a tag or an anchor")
    if key is None:
        yield _replace(source, node.start, node, text)
        return
    at, end = source.colon(key), content_end(source.text, node)
    if source.commented(at, end):
        raise Unspliceable("comments stand in what is replaced")
    yield Change(at, end, f" {text}")


def _replace(source: SourceText, start: int, node: Node, text: str) -> Change:
    end = content_end(source.text, node)
    if source.commented(start, end):
        raise Unspliceable("comments stand in what is replaced")
    return Change(start, end, text)


def _lines(source: SourceText, at: int, lines: Sequence[str]) -> Change:
    newline = source.newline(at)
    text = newline.join(lines)
    # The text may end without a line end: then one comes first, and none is left behind.
    if at and source.text[at - 1] != "\n":
        return Change(at, at, newline + text)
    return Change(at, at, text + newline)


def _below(source: SourceText, part: Node | tuple[Node, Node], at: int) -> int:
    """The line after a part, and after the comments that stand deeper than its siblings."""
    key, node = part if isinstance(part, tuple) else (None, part)
    below = end = line_end(source.text, content_end(source.text, node, key))
    while end < len(source.text):
        line = source.text[end : line_end(source.text, end)]
        bare = line.lstrip(" ")
        # A comment that is indented deeper belongs to the part above; at the same depth, to the
        # next.
        if bare.strip() and (bare[0] != "#" or len(line) - len(bare) <= at):
            break
        end += len(line)
        if bare.strip():
            below = end
    return below


def _above(source: SourceText, key: Node, at: int) -> int:
    """The line of a key, or of the comment over it that belongs to it."""
    here = line_start(source.text, key.start)
    while here > 0:
        above = line_start(source.text, here - 1)
        line = source.text[above:here]
        if line[:at].strip(" ") or line[at : at + 1] != "#":
            break
        here = above
    return here


def _remove(
    source: SourceText, node: Node, starts: Sequence[int], gone: Sequence[int]
) -> Iterator[Change]:
    """The lines of the parts that go; where the first shares its line, the next moves up to it."""
    left = [index for index in range(len(node.parts)) if index not in set(gone)]
    for index in gone:
        part = node.parts[index]
        for leaf in part if isinstance(part, tuple) else (part,):
            source.free(leaf)
    if not source.first_on_line(starts[0]) and left[0] > 0:
        yield _move_up(source, node, starts, left[0])
        gone = [index for index in gone if index > left[0]]
    for index in gone:
        yield _delete(source, starts[index], node.parts[index])


def _move_up(source: SourceText, node: Node, starts: Sequence[int], first: int) -> Change:
    part = node.parts[first - 1]
    key, value = part if isinstance(part, tuple) else (None, part)
    after = line_end(source.text, content_end(source.text, value, key))
    if after > starts[first] or skip(source.text, starts[0]) != starts[0]:
        raise Unspliceable("what is removed shares its line")
    if source.commented(after, starts[first]):
        raise Unspliceable("comments stand after what is removed")
    return Change(starts[0], starts[first], "")


def _delete(source: SourceText, start: int, part: Node | tuple[Node, Node]) -> Change:
    key, node = part if isinstance(part, tuple) else (None, part)
    if not source.first_on_line(start):
        raise Unspliceable("what is removed shares its line")
    end = content_end(source.text, node, key)
    return Change(line_start(source.text, start), line_end(source.text, end), "")
