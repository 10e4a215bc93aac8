"""Which accelerators run at the moment, for how long already, and for whom."""

import datetime
from collections.abc import Mapping

from rules.inventory import Inventory
from rules.kinds.children import is_pod_kind
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.record import NamedTuple
from rules.stakes import read_devices
from rules.type_names import Any
from rules.workload import Workload

_HOUR = 3600.0
_MOST_OWNERS = 20
"""Between a Pod and what somebody wrote there are three or four; a circle ends here."""


class AcceleratorUse(NamedTuple):
    """Running pods with accelerators, how many those are, and the hours that they are held."""

    pods: int = 0
    accelerators: float = 0.0
    hours: float = 0.0

    def plus(self, other: "AcceleratorUse") -> "AcceleratorUse":
        """Both together."""
        accelerators = self.accelerators + other.accelerators
        return AcceleratorUse(self.pods + other.pods, accelerators, self.hours + other.hours)


NO_USE = AcceleratorUse()


class UsageMeter:
    """Adds up running Pods by their top-level owner."""

    def __init__(self, parameters: Mapping[str, Any], now: datetime.datetime) -> None:
        self._parameters = parameters
        self._now = now
        self._nothing = Inventory()
        self._owners: dict[str, str] = {}
        self._held: dict[str, AcceleratorUse] = {}
        self._by_root: dict[str, AcceleratorUse] | None = None

    def take(self, manifest: Manifest, kind: Kind) -> None:
        """Take in an object of the cluster."""
        owner = (manifest.controller or {}).get("uid")
        if not is_pod_kind(kind):
            if owner:
                self._owners[str(manifest.dig("metadata", "uid"))] = str(owner)
            return
        if manifest.dig("status", "phase") != "Running":
            return
        use = self._measure(manifest, kind)
        if use.accelerators:
            holder = str(owner or manifest.dig("metadata", "uid"))
            self._held[holder] = self._held.get(holder, NO_USE).plus(use)

    def read(self, uid: str) -> AcceleratorUse:
        """What runs now for an object that nobody owns, when all objects have been taken in."""
        if self._by_root is None:
            self._by_root = {}
            for holder, use in self._held.items():
                root = self._find_root(holder)
                self._by_root[root] = self._by_root.get(root, NO_USE).plus(use)
        return self._by_root.get(uid, NO_USE)

    def _find_root(self, uid: str) -> str:
        for _ in range(_MOST_OWNERS):
            if uid not in self._owners:
                break
            uid = self._owners[uid]
        return uid

    def _measure(self, manifest: Manifest, kind: Kind) -> AcceleratorUse:
        workload = Workload(manifest, kind, self._nothing, self._parameters)
        devices = [read_devices(pod, workload.accelerators) for pod in workload.pods]
        count = sum(number or 0.0 for one in devices for number in one.values())
        return AcceleratorUse(1, count, count * self._find_age(manifest))

    def _find_age(self, manifest: Manifest) -> float:
        """The hours since a Pod started."""
        started = read_time(manifest.dig("status", "startTime"))
        return 0.0 if started is None else max((self._now - started).total_seconds(), 0.0) / _HOUR


def read_time(text: Any) -> datetime.datetime | None:
    """A time as the API server writes it; None for anything else."""
    try:
        return datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return None
