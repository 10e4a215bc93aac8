"""Reports written to the cluster: what changed alone, and what is over is taken away."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import blake2b

from cluster.client import Client, JsonObject
from cluster.discovery import KindName
from cluster.listing import Lister, ListTiming
from linter.scanning.breakable_writes import BreakableWrites, WriteTally
from linter.scanning.policy_reports import (
    MANAGER_LABEL,
    SOURCE,
    ReportApi,
    summarize_content,
)
from rules.record import NamedTuple


class Held(NamedTuple):
    """A report of ours in the cluster: a digest of it, and the kind of what it is about."""

    digest: bytes
    kind: KindName


class ReportWriter:
    """Brings the cluster's reports to what was found. ``namespaces`` are those that were looked
    at, none for all; ``rate`` is of requests a second."""

    def __init__(
        self, client: Client, apis: Sequence[ReportApi], namespaces: Sequence[str], rate: float
    ) -> None:
        self._client = client
        self._apis = apis
        self._namespaces = namespaces
        self._lister = Lister(client.read, ListTiming(rate=rate))
        self._writes = BreakableWrites(rate)

    @property
    def api(self) -> ReportApi:
        """The group that is written."""
        return self._apis[0]

    def write(
        self, reports: Iterable[JsonObject], is_over: Callable[[KindName], bool]
    ) -> WriteTally:
        """Write the reports that differ from what the cluster has, and delete others of ours, if
        their kind ``is_over``: it was looked at, or the cluster has none of it. Raises ApiError
        where those of the cluster cannot be read."""
        held = dict(self._list_held())
        tally = WriteTally("reports")
        for report in reports:
            path = self.api.path_of(report)
            before = held.pop(path, None)
            if before is not None and before.digest == _digest(report):
                tally.unchanged += 1
                continue
            apply = partial(self._client.apply, path, report, SOURCE)
            tally.written += self._writes.attempt(apply, tally)
        for path, one in held.items():
            if is_over(one.kind):
                delete = partial(self._client.delete, path)
                tally.deleted += self._writes.attempt(delete, tally)
        return tally

    def _list_held(self) -> Iterator[tuple[str, Held]]:
        for api in self._apis:
            for kind, resource in api.resources.items():
                for namespace in (self._namespaces or (None,)) if resource.namespaced else (None,):
                    selector = f"{MANAGER_LABEL}={SOURCE}"
                    for item in self._lister.list_objects(resource, namespace, selector):
                        report = {**item, "kind": kind}
                        yield api.path_of(report), Held(_digest(report), _kind_of(report))


def _digest(report: JsonObject) -> bytes:
    return blake2b(summarize_content(report).encode(), digest_size=16).digest()


def _kind_of(report: JsonObject) -> KindName:
    scope = report.get("scope") or {}
    group, slash, _ = str(scope.get("apiVersion") or "").partition("/")
    return group if slash else "", str(scope.get("kind") or "")
