"""Where among its siblings a new key goes."""

from collections.abc import Sequence

from rules.kinds.field_order import FIELD_ORDER


def place_key(key: str, siblings: Sequence[str]) -> tuple[int, bool]:
    """Where among ``siblings`` a new ``key`` goes, and whether it clings to the one after it: after
    the first found of those it comes after, otherwise before the first in the text of the rest."""
    after, before = FIELD_ORDER.get(key, ((), ()))
    for name in after:
        if name in siblings:
            return siblings.index(name) + 1, False
    for index, name in enumerate(siblings):
        if name in before:
            return index, True
    return len(siblings), False
