"""What is known of the cluster besides the request. Without a cluster: nothing."""

from collections.abc import Mapping
from typing import Protocol

from rules.inventory import Inventory
from rules.kinds.lookups import Answer


class Knowledge(Protocol):
    """Answers from memory, at once: nothing of this asks an API server while a review waits."""

    @property
    def inventory(self) -> Inventory:
        """The facts of other objects."""

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a Namespace, None where they are not known."""

    def owner(self, uid: str) -> Answer:
        """Whether an object of that UID exists."""

    def missing(self) -> str | None:
        """Why there is no telling yet, for readiness; None where all is at hand."""


class NoCluster:
    """Every look-up is unknown, and that is all there is to wait for."""

    def __init__(self) -> None:
        self.inventory = Inventory()

    def namespace_labels(self, _namespace: str) -> None:
        """Not known."""

    def owner(self, _uid: str) -> Answer:
        """Not known."""
        return Answer.UNKNOWN

    def missing(self) -> None:
        """Nothing."""
