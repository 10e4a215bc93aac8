"""Which replica writes: elected by a Lease. All replicas answer reviews and never wait for this.

As in client-go's ``leaderelection``, no clock is compared with another machine's: a Lease is stale
when it has not changed for its duration by the local monotonic clock, and a leader stops writing
well before others may take its Lease for stale. Only whether a replica started after mlgate was
uninstalled is told by the clocks of two machines.
"""

import datetime
import random
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from cluster.client import ApiError, Client, Conflict, JsonObject
from webhook.observability.logs import FailureReport

UNINSTALLED_ANNOTATION = "mlgate.dev/uninstalled"
"""When the webhook was uninstalled: replicas that started before then no longer write."""


class LeaseTiming(NamedTuple):
    """Seconds: a Lease's ``duration``, for how long one that is not renewed entitles to write
    (``deadline``), and the pause between two tries (``retry``). client-go's own numbers."""

    duration: int = 15
    deadline: float = 10.0
    retry: float = 2.0


class ObservedLease(NamedTuple):
    """A Lease as it was read, and when it was first read so (monotonic seconds)."""

    holder: str = ""
    renewed: str = ""
    duration: float = 0.0
    since: float = 0.0


def observe(spec: JsonObject, last: ObservedLease, now: float) -> ObservedLease:
    """The spec of a Lease, and since when it has been the same."""
    holder, renewed = str(spec.get("holderIdentity") or ""), str(spec.get("renewTime") or "")
    if (holder, renewed) == (last.holder, last.renewed):
        return last
    return ObservedLease(holder, renewed, float(spec.get("leaseDurationSeconds") or 0), now)


def may_acquire(observed: ObservedLease, replica: str, now: float) -> bool:
    """Whether ``replica`` may acquire or renew the Lease."""
    if observed.holder in ("", replica):
        return True
    return now - observed.since >= observed.duration


class LeaderElector:
    """One replica's part in the election, in a thread of its own.

    ``path`` is the Lease's; ``changed`` is told when this replica begins or ceases to lead.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        replica: str,
        timing: LeaseTiming = LeaseTiming(),  # noqa: B008 - a named tuple never changes
        changed: Callable[[bool], None] = lambda _leads: None,
        failed: Callable[[str], None] = lambda _error: None,
    ) -> None:
        self._client = client
        self._collection, _, self._name = path.rpartition("/")
        self._path = path
        self._replica = replica
        self._timing = timing
        self._changed = changed
        self._failures = FailureReport(failed)
        self._observed = ObservedLease()
        self._leads_until = 0.0
        self._was_leader = False
        self._started = _stamp()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leader election", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, release: bool = True) -> None:
        """Leave the election, and with ``release`` hand over the Lease at once."""
        self._stop.set()
        self._thread.join(self._timing.retry)
        # A renewal that is still under way would take back what is released here.
        if release and not self._thread.is_alive() and time.monotonic() < self._leads_until:
            self._release()

    def is_leader(self) -> bool:
        """Whether this replica may write now; never once it is being stopped."""
        return not self._stop.is_set() and time.monotonic() < self._leads_until

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._try()
            except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
                self._failures.report(f"{type(failure).__name__}: {failure}")
            self._report_change()
            # With jitter: replicas that started together would collide at every try.
            self._stop.wait(self._timing.retry * random.uniform(0.8, 1.2))  # noqa: S311
        self._report_change()

    def _report_change(self) -> None:
        if self._was_leader != self.is_leader():
            self._was_leader = not self._was_leader
            self._changed(self._was_leader)

    def _try(self) -> None:
        """Acquire or renew the Lease."""
        # Counted from before the request: the server may have written the Lease long before its
        # answer comes, and others count from then.
        began = time.monotonic()
        try:
            held = self._acquire(self._client.get(self._path), began)
        except Conflict:  # another replica was first
            return
        except ApiError as error:  # the time to write runs out by itself
            self._failures.report(str(error))
            return
        self._leads_until = began + self._timing.deadline if held else 0.0
        self._failures.clear()

    def _acquire(self, lease: JsonObject | None, now: float) -> bool:
        if lease is None:
            self._client.create(self._collection, self._claimed({}))
            return True
        self._observed = observe(lease.get("spec") or {}, self._observed, now)
        if _uninstalled_since(lease, self._started):
            return False
        if not may_acquire(self._observed, self._replica, now):
            return False
        self._client.replace(self._path, self._claimed(lease))
        return True

    def _claimed(self, lease: JsonObject) -> JsonObject:
        """The Lease in this replica's name, at the version that was read."""
        spec = lease.get("spec") or {}
        ours = spec.get("holderIdentity") == self._replica
        now = _stamp()
        claimed = {
            **spec,
            "holderIdentity": self._replica,
            "leaseDurationSeconds": self._timing.duration,
            "acquireTime": spec.get("acquireTime") if ours else now,
            "renewTime": now,
            "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (not ours),
        }
        return _lease(self._name, lease, claimed)

    def _release(self) -> None:
        try:
            lease = self._client.get(self._path)
            if lease is not None and _holder(lease) == self._replica:
                self._client.replace(self._path, _lease(self._name, lease, _released(lease)))
        except ApiError:
            return  # the Lease becomes stale, and is taken then


def mark_uninstalled(client: Client, path: str) -> None:
    """Mark the Lease so that no replica that runs now writes again. Raises ApiError."""
    collection, _, name = path.rpartition("/")
    for _ in range(10):
        lease = client.get(path)
        body = _lease(name, lease or {}, _released(lease or {}))
        body["metadata"].setdefault("annotations", {})[UNINSTALLED_ANNOTATION] = _stamp()
        try:
            if lease is None:
                client.create(collection, body)
            else:
                client.replace(path, body)
        except Conflict:  # the leader has renewed it in between
            continue
        return
    raise Conflict(409, f"{path} changes too often")


def _lease(name: str, lease: JsonObject, spec: JsonObject) -> JsonObject:
    # The metadata that was read carries its resourceVersion: the write fails if the Lease has
    # changed since, which is what makes this an election.
    metadata = lease.get("metadata") or {"name": name}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": spec,
    }


def _released(lease: JsonObject) -> JsonObject:
    """A spec that any replica may acquire at once."""
    spec: dict[str, Any] = lease.get("spec") or {}
    # The API refuses a duration below 1 (``coordination.k8s.io/v1``, LeaseSpec).
    return {**spec, "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _stamp()}


def _holder(lease: JsonObject) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def _uninstalled_since(lease: JsonObject, started: str) -> bool:
    stamp = str((lease["metadata"].get("annotations") or {}).get(UNINSTALLED_ANNOTATION) or "")
    return stamp >= started


def _stamp() -> str:
    """Now as a MicroTime; in one format always, so that texts compare as times do."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
