"""A replica as a member of its cluster: what it knows, what it serves, and what it keeps."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from cluster.client import ApiError, Client, Tree
from rules.kinds.lookups import Answer
from rules.kinds.schema import Kind
from rules.policy import Policy
from webhook.identity.authority import expiry
from webhook.identity.certificates import Source
from webhook.identity.rotation import Issuer
from webhook.identity.secret import Store
from webhook.knowledge.caches import Caches
from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.registration.configurations import configurations
from webhook.registration.registrar import PATHS, Registrar, remove
from webhook.registration.scope import kinds_of
from webhook.replica.cluster_metrics import Measures
from webhook.replica.credentials import Credentials
from webhook.replica.election import Leader, Timing, retire
from webhook.replica.options import Options, read_bundle
from webhook.replica.peers import Replicas
from webhook.replica.reconciler import Keeper
from webhook.replica.trigger import Trigger

PATIENCE = 60.0
"""Seconds that a start waits for an API server that is away."""
_PAUSE = 1.0
_PASSING = (408, 409, 429)
"""HTTP codes below 500 with which another try may go through."""
_LAST_LOOK = 2.0
"""Seconds that a look of the keeper's may take before the Lease is left to another."""
_T = TypeVar("_T")


class Member:
    """The replica's knowledge of the cluster, and its part in the work that all share.

    ``policy`` gives the one in force. ``source`` is where the certificate comes from if it is
    mlgate's own, None if it stands in files. Raises ApiError where the API server does not give
    what a start needs, and ValueError where the bundle cannot be used.
    """

    def __init__(
        self,
        options: Options,
        client: Client,
        policy: Callable[[], Policy],
        log: Log,
        *,
        own: bool,
    ) -> None:
        self._options = options
        self._client = client
        self._policy = policy
        self._log = log
        self._answering: Callable[[], bool] = lambda: False
        self._bundle = read_bundle(options.bundle)
        self._registrar = Registrar(client, self._configure, may_write=self._may_write)
        self._credentials = self._obtain() if own else None
        self._leader = Leader(
            client, lease_path(options), options.replica, changed=self._led, failed=self._unelected
        )
        self._keeper = Keeper(self._look, log)
        self._triggers = [*self._make_triggers()]
        self._measures: Measures | None = None
        self._caches = Caches(client.read, self._kinds, log)
        self.inventory = self._caches.inventory

    @property
    def source(self) -> Source | None:
        return self._credentials.source if self._credentials else None

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a Namespace, None where they are not known."""
        return self._caches.namespace_labels(namespace)

    def owner(self, uid: str) -> Answer:
        """Whether an object of that UID exists."""
        return self._caches.owner(uid)

    def missing(self) -> str | None:
        """Why the replica is not ready; None where it is."""
        if self._credentials is not None and self._credentials.stale():
            return f"the certificate in the {self._credentials.source.certificate} is not served"
        return self._caches.missing()

    def start(self, answering: Callable[[], bool], metrics: Metrics) -> None:
        """Begin to follow the cluster; the registration waits until reviews are answered, as
        ``answering`` tells."""
        self._answering = answering
        self._measures = Measures(metrics, self._caches, self._leader.leads)
        self._caches.start()
        self._leader.start()
        self._keeper.start()
        for trigger in self._triggers:
            trigger.start()

    def resign(self) -> None:
        """Write no more, and leave the Lease to another replica. Reviews are answered still."""
        for trigger in self._triggers:
            trigger.stop()
        self._keeper.stop()
        self._keeper.join(_LAST_LOOK)
        self._leader.stop(release=not self._keeper.is_alive())

    def stop(self) -> None:
        """Resign, and end."""
        self.resign()
        self._caches.stop()

    def wake(self) -> None:
        """Look at certificate and registration now: the policy has changed."""
        self._keeper.wake()

    def _obtain(self) -> Credentials:
        """The identity that the replicas share. Raises ApiError where the API server does not
        give it for ``PATIENCE``."""
        place = self._options.place
        name = f"{place.service}.{place.namespace}.svc"
        names = (name, f"{name}.cluster.local", *_host_of(place.url))
        replicas = Replicas(self._client, place.namespace, place.service, name)
        store = Store(self._client, place.namespace, self._options.secret)
        return insist(lambda: Credentials(store, Issuer(names), self._registrar, replicas))

    def _make_triggers(self) -> Iterator[Trigger]:
        paths = [path for path in PATHS.values() if self._options.register]
        if self._credentials is not None:
            paths.append(self._credentials.path)
        for path in paths:
            collection, _, name = path.rpartition("/")
            yield Trigger(self._client, collection, name, self._keeper.wake, self._unwatched)

    def _kinds(self) -> tuple[Kind, ...]:
        return kinds_of(self._policy())

    def _led(self, leads: bool) -> None:  # noqa: FBT001 - the leader calls it with what is so
        self._log.event("info", "leader", leads=leads, replica=self._options.replica)
        self._keeper.wake()

    def _unelected(self, error: str) -> None:
        self._log.event("warning", "election-failed", error=error)

    def _unwatched(self, error: str) -> None:
        self._log.event("warning", "trigger-failed", error=error)

    def _look(self) -> float | None:
        """One look of the keeper's: the certificate first, which the registration names. The
        seconds after which the next is due, if that is soon."""
        try:
            try:
                self._look_at_certificate()
            finally:  # the break-glass must work without a certificate
                self._look_at_registration()
        except ApiError:
            if self._measures:
                self._measures.failures.inc()
            raise
        return self._registrar.pause

    def _look_at_certificate(self) -> None:
        credentials = self._credentials
        if credentials is None:
            return
        before = credentials.identity
        credentials.look(leads=self._leader.leads())
        if credentials.identity != before:
            self._log.event("info", "identity", **credentials.describe())
        if self._measures:
            ends = expiry(credentials.identity.authority.certificate)
            self._measures.authority_ends.set(ends.timestamp())

    def _look_at_registration(self) -> None:
        if not (self._answering() and self._options.register and self._leader.leads()):
            return
        for kind in self._registrar.reconcile():
            self._log.event("info", "registered", kind=kind, disabled=self._registrar.disabled)
            if self._measures:
                self._measures.writes.labels(kind).inc()
        if self._measures:
            self._measures.disabled.set(self._registrar.disabled)

    def _configure(self) -> Iterator[Tree]:
        place = self._options.place._replace(bundle=self._trusted())
        yield from configurations(self._policy(), place)

    def _trusted(self) -> str | None:
        """What the API server is to trust; of a file that cannot be read, what it held last."""
        if self._credentials is not None:
            return self._credentials.identity.bundle
        try:
            self._bundle = read_bundle(self._options.bundle)
        except ValueError as error:
            self._log.event("warning", "bundle", error=str(error))
        return self._bundle

    def _may_write(self) -> bool:
        return self._leader.leads()


def lease_path(options: Options) -> str:
    """Where the Lease is by which the replicas elect one of them."""
    namespace = options.place.namespace
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{options.lease}"


def uninstall(client: Client, options: Options, timing: Timing = Timing()) -> None:  # noqa: B008
    """Remove the webhook configurations, though replicas may still run. Raises ApiError.

    A leader learns of it when it renews the Lease, and could write until then: that is waited for.
    """
    try:
        retire(client, lease_path(options))
        time.sleep(timing.deadline)
    except ApiError as error:
        if error.status != 404:  # without the namespace of the Lease nobody can lead
            raise
    remove(client)


def insist(get: Callable[[], _T], patience: float = PATIENCE) -> _T:
    """What ``get`` gives, tried again while the API server is away. Raises ApiError."""
    end = time.monotonic() + patience
    while True:
        try:
            return get()
        except ApiError as error:
            refused = 400 <= error.status < 500 and error.status not in _PASSING
            if refused or time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


def _host_of(url: str | None) -> list[str]:
    host = urlsplit(url).hostname if url else None
    return [host] if host else []
