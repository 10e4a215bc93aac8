"""A scan of the cluster that is kept: what it found, and what it saw, to be judged again."""

import time
from typing import TYPE_CHECKING

from cluster.client import Client
from cluster.discovery import KindName, Resource
from cluster.listing import Lister, ListTiming
from linter.judging.task import Task
from linter.scanning.scan import Scan
from linter.scanning.snapshot import Snapshot
from linter.scanning.survey import Survey, Wanted, find_served
from rules.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linter.row_types import FindingRow, RunResult

_LASTING = frozenset({403, 404, 405})
"""Statuses of what may not be listed, or is not there: the next scan will find the same."""


class ScanPlan(NamedTuple):
    """What is asked of a cluster: ``rate`` in requests a second at most, ``most`` the bytes that
    may be kept of what was seen."""

    client: Client
    wanted: Wanted
    rate: float
    most: int


class SeenCluster(NamedTuple):
    """What a scan saw, by which it can be judged again in any process, without the cluster."""

    snapshot: Snapshot
    served: "Mapping[KindName, Resource]"
    wanted: Wanted

    def judge(self, task: Task) -> "RunResult":
        """What would have been found in it."""
        survey = Survey(self.snapshot, self.served, self.wanted.namespaces)
        return Scan(task, survey, self.wanted).run()


class ClusterScan(NamedTuple):
    """A scan that has ended. ``policy`` names the policy of its task, ``finished`` is in seconds
    since 1970, ``seconds`` how long it took."""

    task: Task
    policy: str
    scan: Scan
    result: "RunResult"
    seen: SeenCluster
    finished: float
    seconds: float

    @property
    def passing(self) -> dict[str, str]:
        """What kept collections from being listed and is expected to pass, by their path."""
        errors = self.seen.snapshot.errors.items()
        return {key[0]: str(error) for key, error in errors if error.status not in _LASTING}

    def read_team(self, row: "FindingRow", label: str) -> str:
        """The value of a label of the finding's object, else of its Namespace, else empty."""
        own = self.scan.objects[row["file"]].labels.get(label)
        namespaces = self.result["cluster"]["namespaces"]
        around = namespaces.get(row["object"]["namespace"] or "")
        return str(own or (around["labels"].get(label) if around else "") or "")


def scan_cluster(plan: ScanPlan, task: Task, policy: str) -> ClusterScan:
    """Look at the cluster once. Raises UserError where it cannot be asked at all."""
    start = time.monotonic()
    served = find_served(plan.client)
    lister = Lister(plan.client.read, ListTiming(rate=plan.rate))
    snapshot = Snapshot(lister, plan.most)
    scan = Scan(task, Survey(snapshot, served, plan.wanted.namespaces), plan.wanted)
    result = scan.run()
    seconds = time.monotonic() - start
    seen = SeenCluster(snapshot.without_cluster(), served, plan.wanted)
    return ClusterScan(task, policy, scan, result, seen, time.time(), round(seconds, 3))
