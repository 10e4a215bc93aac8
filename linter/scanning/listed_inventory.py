"""The inventory of a scan, which knows what it has not asked for."""

from collections.abc import Iterable

from cluster.discovery import KindName
from rules.inventory import Inventory


class ListedInventory(Inventory):
    """Of kinds that are not ``listed`` nothing is known to be missing: Secrets and ServiceAccounts,
    which nobody reads in a cluster."""

    __slots__ = ("_listed",)

    def __init__(self, listed: Iterable[KindName]) -> None:
        super().__init__()
        self._listed = frozenset(listed)

    def knows(self, group: str, kind: str) -> bool:
        """Whether all objects of a kind are at hand, so that what is not here does not exist."""
        return (group, kind) in self._listed and super().knows(group, kind)
