"""Reports written to the cluster: what changed alone, and what is over is taken away."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import blake2b

from cluster.client import ApiError, Client, JsonObject
from cluster.discovery import KindName
from cluster.listing import Lister, ListTiming, Pace
from linter.scanning.policy_reports import (
    MANAGER_LABEL,
    SOURCE,
    ReportApi,
    summarize_content,
)
from rules.record import NamedTuple

MOST_FAILURES = 5
"""So many writes that fail one after the other end the writing: the server has trouble, or the
account lacks the right, and more would only make it worse."""

_TRIES = 3
_FORBIDDEN = 403
_NOT_FOUND = 404
_ENDING = "being terminated"
"""What the API server says of a namespace that takes no more objects (apiserver
``plugin/namespace/lifecycle/admission.go``)."""


class Held(NamedTuple):
    """A report of ours in the cluster: a digest of it, and the kind of what it is about."""

    digest: bytes
    kind: KindName


class ReportTally:
    """What became of the reports."""

    def __init__(self) -> None:
        self.written = 0
        self.unchanged = 0
        self.deleted = 0
        self.left = 0
        """Those that were not tried any more."""
        self.failures: list[str] = []

    def __str__(self) -> str:
        return (
            f"reports: {self.written} written, {self.unchanged} as they were, "
            f"{self.deleted} deleted"
        )

    @property
    def complaint(self) -> str | None:
        """What an error of the run says; None where nothing failed."""
        if not self.failures:
            return None
        failed = f"{len(self.failures)} not written or deleted: {self.failures[-1]}"
        if not self.left:
            return failed
        stopped = f"stopped after {MOST_FAILURES} failures in a row; {self.left} more not tried"
        return f"{failed}; {stopped}"


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
        self._pace = Pace(ListTiming(rate=rate, tries=_TRIES))
        self._in_a_row = 0

    @property
    def api(self) -> ReportApi:
        """The group that is written."""
        return self._apis[0]

    def write(
        self, reports: Iterable[JsonObject], is_over: Callable[[KindName], bool]
    ) -> ReportTally:
        """Write the reports that differ from what the cluster has, and delete others of ours, if
        their kind ``is_over``: it was looked at, or the cluster has none of it. Raises ApiError
        where those of the cluster cannot be read."""
        held = dict(self._list_held())
        tally = ReportTally()
        for report in reports:
            path = self.api.path_of(report)
            before = held.pop(path, None)
            if before is not None and before.digest == _digest(report):
                tally.unchanged += 1
                continue
            apply = partial(self._client.apply, path, report, SOURCE)
            tally.written += self._attempt(apply, tally)
        for path, one in held.items():
            if is_over(one.kind):
                delete = partial(self._client.delete, path)
                tally.deleted += self._attempt(delete, tally)
        return tally

    def _list_held(self) -> Iterator[tuple[str, Held]]:
        for api in self._apis:
            for kind, resource in api.resources.items():
                for namespace in (self._namespaces or (None,)) if resource.namespaced else (None,):
                    selector = f"{MANAGER_LABEL}={SOURCE}"
                    for item in self._lister.list_objects(resource, namespace, selector):
                        report = {**item, "kind": kind}
                        yield api.path_of(report), Held(_digest(report), _kind_of(report))

    def _attempt(self, request: Callable[[], object], tally: ReportTally) -> bool:
        """Whether a request was done; what is gone meanwhile needs no report."""
        if self._in_a_row == MOST_FAILURES:
            tally.left += 1
            return False
        try:
            self._pace.ask(request)
        except ApiError as error:
            ending = error.status == _FORBIDDEN and _ENDING in str(error)
            if error.status != _NOT_FOUND and not ending:
                tally.failures.append(str(error))
                self._in_a_row += 1
            return False
        self._in_a_row = 0
        return True


def _digest(report: JsonObject) -> bytes:
    return blake2b(summarize_content(report).encode(), digest_size=16).digest()


def _kind_of(report: JsonObject) -> KindName:
    scope = report.get("scope") or {}
    group, slash, _ = str(scope.get("apiVersion") or "").partition("/")
    return group if slash else "", str(scope.get("kind") or "")
