"""What an object is without that which another one no longer has."""

from rules.edits import same
from rules.type_names import Any


def leave_out(old: Any, new: Any) -> Any:
    """``old`` without what ``new`` no longer has: the same object where nothing went."""
    if old is new:
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        kept = {key: leave_out(old[key], new[key]) for key in old if key in new}
        # Unchanged parts stay the same object, so that the walk passes over them without a
        # comparison.
        changed = len(kept) < len(old) or any(kept[key] is not old[key] for key in kept)
        return kept if changed else old
    if isinstance(old, list) and isinstance(new, list):
        left = find_survivors(old, new)
        items = [leave_out(old[at], new[index]) for index, at in enumerate(left)]
        changed = len(left) < len(old) or any(
            item is not old[at] for item, at in zip(items, left, strict=True)
        )
        return items if changed else old
    return old


def find_survivors(old: list[Any], new: list[Any]) -> list[int]:
    """The indexes of the items that stay in a list that becomes shorter."""
    spare = len(old) - len(new)
    left: list[int] = []
    for index, item in enumerate(old):
        here = len(left)
        # An item that is like none of what is left was removed; of two that are alike, the later
        # one.
        if spare > 0 and not (here < len(new) and (item is new[here] or same(item, new[here]))):
            spare -= 1
        else:
            left.append(index)
    return left
