"""What is known of the cluster besides the request. Without a cluster: nothing."""

from collections.abc import Mapping
from typing import Protocol

from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from webhook.review.context import OwnerRecord, OwnerReference


class ClusterFacts(Protocol):
    """Answers from memory, at once; ``fetch_owner`` alone asks an API server, and blocks."""

    @property
    def inventory(self) -> Inventory:
        """The facts of other objects."""

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a Namespace, None where they are not known."""

    def owner(self, uid: str) -> Answer:
        """Whether an object of that UID exists."""

    def owner_record(self, uid: str) -> OwnerRecord | None:
        """What is kept of the object of that UID, None where there is none."""

    def fetch_owner(self, sought: OwnerReference, seconds: float) -> OwnerRecord | None:
        """The owner as the API server has it now; blocks for ``seconds`` at most."""

    def ran_before(self, namespace: str, owner: str, pods: str) -> bool:
        """Whether an earlier revision of the object of UID ``owner`` had pods of that digest."""

    def not_ready(self) -> str | None:
        """What is still waited for, as readiness reports it; None when all is there."""


class NoCluster:
    """Every look-up is unknown, and nothing is waited for."""

    def __init__(self) -> None:
        self.inventory = Inventory()

    def namespace_labels(self, _namespace: str) -> None:
        """Always unknown."""

    def owner(self, _uid: str) -> Answer:
        """Always unknown."""
        return Answer.UNKNOWN

    def owner_record(self, _uid: str) -> None:
        """Never anything."""

    def fetch_owner(self, _sought: OwnerReference, _seconds: float) -> OwnerRecord | None:
        """Nobody is asked."""
        return None

    def ran_before(self, _namespace: str, _owner: str, _pods: str) -> bool:
        """Never known."""
        return False

    def not_ready(self) -> None:
        """Never anything."""
