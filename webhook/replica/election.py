"""Which replica writes: elected by a Lease. Reviews are answered by all, and never wait for this.

As client-go's ``leaderelection`` does, no clock is compared with another machine's: a Lease is
stale when it has not changed for its duration by our own monotonic clock, and we stop writing well
before others may take it for stale. Only whether a replica began after mlgate was uninstalled is
told by the clocks of two machines.
"""

import datetime
import random
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from cluster.client import ApiError, Client, Conflict, Tree
from webhook.observability.logs import Complaint

UNINSTALLED = "mlgate.dev/uninstalled"
"""When the webhook was uninstalled: whoever started before then does not write any more."""


class Timing(NamedTuple):
    """Seconds: a Lease's ``duration``, how long one that is not renewed entitles to write
    (``deadline``), and the pause between two tries (``retry``). client-go's own numbers."""

    duration: int = 15
    deadline: float = 10.0
    retry: float = 2.0


class Observed(NamedTuple):
    """A Lease as it was read, and when it was first read so (monotonic seconds)."""

    holder: str = ""
    renewed: str = ""
    duration: float = 0.0
    since: float = 0.0


def observe(spec: Tree, last: Observed, now: float) -> Observed:
    """What a Lease's spec says, with the time since when it has said so."""
    holder, renewed = str(spec.get("holderIdentity") or ""), str(spec.get("renewTime") or "")
    if (holder, renewed) == (last.holder, last.renewed):
        return last
    return Observed(holder, renewed, float(spec.get("leaseDurationSeconds") or 0), now)


def is_free(observed: Observed, identity: str, now: float) -> bool:
    """Whether ``identity`` may take or renew the Lease."""
    if observed.holder in ("", identity):
        return True
    return now - observed.since >= observed.duration


class Leader:
    """One replica's part in the election, in a thread of its own."""

    def __init__(
        self,
        client: Client,
        path: str,
        identity: str,
        timing: Timing = Timing(),  # noqa: B008 - a named tuple never changes
        changed: Callable[[bool], None] = lambda _leads: None,
        failed: Callable[[str], None] = lambda _error: None,
    ) -> None:
        self._client = client
        self._collection, _, self._name = path.rpartition("/")
        self._path = path
        self._identity = identity
        self._timing = timing
        self._changed = changed
        self._complaint = Complaint(failed)
        self._observed = Observed()
        self._until = 0.0
        self._leads = False
        self._started = _stamp()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leader election", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, release: bool = True) -> None:
        """Leave the election; and, where nothing of ours can be under way, the Lease to another at
        once."""
        self._stop.set()
        self._thread.join(self._timing.retry)
        if release and not self._thread.is_alive() and time.monotonic() < self._until:
            self._release()

    def leads(self) -> bool:
        """Whether this replica may write now: not once it is to stop, whatever is under way."""
        return not self._stop.is_set() and time.monotonic() < self._until

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._try()
            except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
                self._complaint.make(f"{type(failure).__name__}: {failure}")
            self._tell()
            self._stop.wait(self._timing.retry * random.uniform(0.8, 1.2))  # noqa: S311
        self._tell()

    def _tell(self) -> None:
        if self._leads != self.leads():
            self._leads = not self._leads
            self._changed(self._leads)

    def _try(self) -> None:
        """Take or renew the Lease. Where the API server is away, the time to write runs out."""
        began = time.monotonic()
        try:
            held = self._take(self._client.get(self._path), began)
        except Conflict:  # another was first
            return
        except ApiError as error:
            self._complaint.make(str(error))
            return
        self._until = began + self._timing.deadline if held else 0.0
        self._complaint.withdraw()

    def _take(self, lease: Tree | None, now: float) -> bool:
        if lease is None:
            self._client.create(self._collection, self._claim({}))
            return True
        self._observed = observe(lease.get("spec") or {}, self._observed, now)
        if _uninstalled_since(lease, self._started):
            return False
        if not is_free(self._observed, self._identity, now):
            return False
        self._client.replace(self._path, self._claim(lease))
        return True

    def _claim(self, lease: Tree) -> Tree:
        """The Lease in our name, at the version that was read."""
        spec = lease.get("spec") or {}
        ours = spec.get("holderIdentity") == self._identity
        now = _stamp()
        claimed = {
            **spec,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._timing.duration,
            "acquireTime": spec.get("acquireTime") if ours else now,
            "renewTime": now,
            "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (not ours),
        }
        return _lease(self._name, lease, claimed)

    def _release(self) -> None:
        try:
            lease = self._client.get(self._path)
            if lease is not None and _holder(lease) == self._identity:
                self._client.replace(self._path, _lease(self._name, lease, _released(lease)))
        except ApiError:
            return  # it will be taken for stale


def retire(client: Client, path: str) -> None:
    """Mark the Lease so that no replica that runs now writes any more. Raises ApiError."""
    collection, _, name = path.rpartition("/")
    for _ in range(10):
        lease = client.get(path)
        body = _lease(name, lease or {}, _released(lease or {}))
        body["metadata"].setdefault("annotations", {})[UNINSTALLED] = _stamp()
        try:
            if lease is None:
                client.create(collection, body)
            else:
                client.replace(path, body)
        except Conflict:
            continue
        return
    raise Conflict(409, f"{path} changes too often")


def _lease(name: str, lease: Tree, spec: Tree) -> Tree:
    metadata = lease.get("metadata") or {"name": name}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": spec,
    }


def _released(lease: Tree) -> Tree:
    """A spec that anybody may take at once; the API wants a duration above 0."""
    spec: dict[str, Any] = lease.get("spec") or {}
    return {**spec, "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _stamp()}


def _holder(lease: Tree) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def _uninstalled_since(lease: Tree, started: str) -> bool:
    stamp = str((lease["metadata"].get("annotations") or {}).get(UNINSTALLED) or "")
    return stamp >= started


def _stamp() -> str:
    """Now as a MicroTime; of one format, so that texts compare as times do."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
