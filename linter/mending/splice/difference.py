"""What two objects differ in, changed in the text of the first.

The edits are made on the object first; what then differs is changed in the text. So edits that
share a parent need no order, and the text is composed once (twice where something is also
removed), however many they are.
"""

from collections.abc import Iterable, Iterator, Sequence

from linter.mending.splice import block, flow
from linter.mending.splice.nodes import Change, Node, Unspliceable, column, content_end
from linter.mending.splice.removal import find_survivors, leave_out
from linter.mending.splice.renaming import change_names, find_renamed, rename_keys
from linter.mending.splice.source_text import SourceText, entries, is_merge
from linter.mending.splice.writing import block as block_lines
from linter.mending.splice.writing import inline, listed, scalar
from rules.edits import apply, same
from rules.model import Edit
from rules.paths import Path, dotted
from rules.record import NamedTuple
from rules.type_names import Any


class Slot(NamedTuple):
    """A node where it stands: the collection that holds it and, in a mapping, its key."""

    node: Node
    path: Path = ()
    parent: Node | None = None
    key: Node | None = None


def splice(text: str, value: Any, edits: Iterable[Edit], *, sharing: bool = False) -> str:
    """``text``, which reads as ``value``, so that it reads as ``apply(value, edits)``.

    ``text`` is one document's, without a byte order mark. Raises ``Unspliceable`` with the reason
    where the way it is written does not allow that. ``sharing`` takes the edits as made to all
    places alike that share a value (``*alias``): it is changed where it is written. The caller
    reads the result and compares.
    """
    steps = tuple(edits)
    target = apply(value, steps)
    renamed = find_renamed(value, steps)
    if renamed:
        text = replace_spans(text, change_names(SourceText(text), value, renamed))
        value = rename_keys(value, renamed)
    kept = leave_out(value, target)
    # Two passes where something goes: a key added beside one that is removed has two neighbours, of
    # which one is gone.
    for old, new in ((value, kept), (kept, target)):
        if old is not new:
            text = _edited(SourceText(text, sharing=sharing), old, new)
    return text


def _edited(source: SourceText, old: Any, new: Any) -> str:
    return replace_spans(source.text, _walk(source, Slot(source.root), old, new))


def replace_spans(text: str, changes: Iterable[Change]) -> str:
    """``text`` with every change made; they must not overlap."""
    out: list[str] = []
    at = 0
    for change in sorted(changes, key=lambda change: (change.start, change.end)):
        if change.start < at:
            raise Unspliceable("two edits meet in one place")
        out += (text[at : change.start], change.text)
        at = change.end
    return "".join(out) + text[at:]


def _walk(source: SourceText, slot: Slot, old: Any, new: Any) -> Iterator[Change]:
    """The changes that make ``new`` of ``old`` at ``slot``."""
    if old is new or (not isinstance(old, dict | list) and same(old, new)):
        return
    node = slot.node
    if (source.sharing and node.kind == "alias") or (
        node.anchor in source.aliased and same(old, new)
    ):
        return
    try:
        source.unshared(node)
        if isinstance(old, dict) and isinstance(new, dict):
            changes = _mapping(source, slot, old, new)
        elif isinstance(old, list) and isinstance(new, list):
            changes = _sequence(source, slot, old, new)
        else:
            changes = _replace(source, slot, new)
        yield from changes
    except Unspliceable as reason:
        raise _placed(reason, slot.path) from reason


def _placed(reason: Unspliceable, path: Path) -> Unspliceable:
    """The reason with the deepest place it was met at."""
    # The innermost call names the place; those around it pass the reason on.
    if getattr(reason, "placed", False):
        return reason
    placed = Unspliceable(f"{dotted(path) or 'the document'}: {reason}")
    placed.placed = True  # type: ignore[attr-defined]
    return placed


def _mapping(
    source: SourceText, slot: Slot, old: dict[str, Any], new: dict[str, Any]
) -> Iterator[Change]:
    node = slot.node
    if node.kind != "mapping":
        raise Unspliceable("an alias stands here: the edit would change another place")
    parts = entries(node, old)
    # A key that only a merge brings stands nowhere in this mapping: to change it is to add it.
    added = {key: new[key] for key in new if key not in old or key not in parts}
    for key in [key for key in added if key in old]:
        _check_merged(old, new, key)
        if old[key] is new[key] or same(old[key], new[key]):
            del added[key]
    yield from _remove_keys(source, slot, parts, [key for key in old if key not in new])
    for key, (name, value) in parts.items():
        if key in new:
            child = Slot(value, (*slot.path, key), node, name)
            yield from _walk(source, child, old[key], new[key])
    if added:
        yield from _add_keys(source, slot, parts, added)


def _check_merged(old: dict[str, Any], new: dict[str, Any], key: str) -> None:
    """A scalar of a merged mapping may be overridden; a mapping would have to be repeated."""
    if old[key] is not new[key] and isinstance(old[key], dict | list):
        raise Unspliceable(f"{key} comes from a merge key (<<)")


def _remove_keys(
    source: SourceText, slot: Slot, parts: dict[str, tuple[Node, Node]], gone: Sequence[str]
) -> Iterator[Change]:
    node = slot.node
    if not gone:
        return
    if any(key not in parts for key in gone):
        raise Unspliceable("what is removed comes from a merge key (<<)")
    order = {id(name): index for index, (name, _) in enumerate(node.parts)}
    indexes = sorted(order[id(parts[key][0])] for key in gone)
    yield from _remove(source, slot, indexes, block.remove_keys)


def _remove(source: SourceText, slot: Slot, indexes: list[int], remove: Any) -> Iterator[Change]:
    node = slot.node
    if node.flow:
        yield from flow.remove(source, node, indexes)
    elif len(indexes) == len(node.parts):
        yield from block.empty(source, node, slot.key)
    else:
        yield from remove(source, node, indexes)


def _add_keys(
    source: SourceText, slot: Slot, parts: dict[str, tuple[Node, Node]], added: dict[str, Any]
) -> Iterator[Change]:
    node = slot.node
    # As Kubernetes reads the keys, which for `yes:` is not as it is written.
    by_part = {id(name): key for key, (name, _) in parts.items()}
    names = [by_part.get(id(name), name.value) for name, _ in node.parts]
    if any(is_merge(name) for name, _ in node.parts):
        # A name that no rule of order knows puts every new key at the end.
        names = [""] * len(names)  # a merge overrides what stands before it: new keys go last
    if node.block:
        yield from block.add_keys(source, node, names, added)
    elif node.parts or slot.parent is None or slot.parent.flow:
        yield from flow.add_keys(source, node, names, added)
    else:
        yield from _unfold(source, slot, added)


def _sequence(source: SourceText, slot: Slot, old: list[Any], new: list[Any]) -> Iterator[Change]:
    node = slot.node
    if node.kind != "sequence":
        raise Unspliceable("an alias stands here: the edit would change another place")
    left = find_survivors(old, new)
    if len(left) < len(old):
        gone = [index for index in range(len(old)) if index not in set(left)]
        yield from _remove(source, slot, gone, block.remove_items)
    for index, at in enumerate(left):
        child = Slot(node.parts[at], (*slot.path, at), node)
        yield from _walk(source, child, old[at], new[index])
    fresh = new[len(old) :]
    if not fresh:
        return
    if node.block:
        yield from block.append_items(source, node, fresh)
    elif node.parts or slot.parent is None or slot.parent.flow:
        yield from flow.append_items(source, node, fresh)
    else:
        yield from _unfold(source, slot, fresh)


def _replace(source: SourceText, slot: Slot, new: Any) -> Iterator[Change]:
    """Another value in place of a scalar, or of something of another type."""
    node, parent = slot.node, slot.parent
    if parent is None:
        raise Unspliceable("the document as a whole is replaced")
    source.free(node)
    if parent.flow:
        yield _inline(source, slot, flow.value_text(source, parent, new))
    elif isinstance(new, dict | list) and new:
        yield from _unfold(source, slot, new)
    elif node.block:
        yield from block.collapse(source, node, slot.key, inline(new, source.style))
    elif node.literal:
        yield from _replace_literal(source, node, inline(new, source.style))
    else:
        yield _inline(source, slot, _like(source, node, new))


def _like(source: SourceText, node: Node, new: Any) -> str:
    """``new`` in the quotation marks that the old value had."""
    if isinstance(new, str) and node.style in ("'", '"'):
        return scalar(new, node.style, quoted=True)
    return inline(new, source.style)


def _inline(source: SourceText, slot: Slot, text: str) -> Change:
    node = slot.node
    # An anchor stays, for it belongs to the place; a tag goes, for it belongs to the old value.
    start = node.start if node.tag is not None else node.body
    if slot.key is not None and node.start == node.end:
        at = source.colon(slot.key)
        return Change(at, at, f" {text}")
    before = source.text[start - 1]
    # `"a":1` is JSON; without the quotation marks a space has to part the two.
    apart = before.isspace() or before in "[{," or (slot.key is not None and slot.key.style == '"')
    return Change(start, node.end, text if apart else f" {text}")


def _replace_literal(source: SourceText, node: Node, text: str) -> Iterator[Change]:
    """The indicator becomes the value, a comment after it stays, the lines below go."""
    if node.tag is not None or node.anchor is not None:
        raise Unspliceable("what is replaced has a tag or an anchor")
    head = source.text.find("\n", node.body, node.end)
    head = node.end if head < 0 else head
    # `|`, `>-` or `|2+`, of any length.
    marks = len(source.text[node.body : head].split(None, 1)[0])
    yield Change(node.body, node.body + marks, text)
    end = content_end(source.text, node)
    if end > head:
        yield Change(head, source.text.find("\n", end) if "\n" in source.text[end:] else end, "")


def _unfold(source: SourceText, slot: Slot, new: Any) -> Iterator[Change]:
    """A mapping or list on lines below its key, where a scalar or nothing stood."""
    node, parent = slot.node, slot.parent
    if parent is None or node.block or node.literal or node.tag is not None:
        raise Unspliceable("a value of another type, or with a tag, is replaced")
    if source.commented(node.body, node.end):
        raise Unspliceable("comments stand in what is replaced")
    style = source.style_in(parent)
    if slot.key is not None:
        at = source.colon(slot.key)
        lines = block_lines(new, source.column(slot.key.start), style)
    else:
        at = source.dash(parent, slot.path[-1]) + 1  # type: ignore[arg-type]
        first, *lines = listed(new, column(source.text, at - 1), style)
    # What is put on the lines below would come before the anchor, or before the old value's line.
    if node.anchor is not None or "\n" in source.text[at : node.body]:
        raise Unspliceable("an anchor or a line end stands between a key and its value")
    end = max(at, node.end)
    yield Change(at, end, "" if slot.key is not None else first.lstrip(" ")[1:])
    if lines:
        yield block.put_below(source, end, lines)
