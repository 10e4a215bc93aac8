"""A replica as a member of its cluster: what it knows, what it serves, and what it reconciles."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from cluster.client import ApiError, Client, JsonObject
from rules.kinds.lookups import Answer
from rules.kinds.schema import Kind
from rules.policy import Policy
from webhook.identity.authority import expiry
from webhook.identity.certificates import CertificateSource
from webhook.identity.client_token import ClientTokens
from webhook.identity.rotation import Issuer
from webhook.identity.secret import IdentitySecret
from webhook.knowledge.cluster_cache import ClusterCache
from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.registration.configurations import make_configurations
from webhook.registration.registrar import CONFIGURATION_PATHS, Registrar, remove_configurations
from webhook.registration.scope import kinds_of
from webhook.replica.cluster_metrics import ClusterMetrics
from webhook.replica.credentials import Credentials
from webhook.replica.election import LeaderElector, LeaseTiming, mark_uninstalled
from webhook.replica.object_watch import ObjectWatch
from webhook.replica.options import ReplicaOptions, read_bundle_file
from webhook.replica.peers import Peers
from webhook.replica.policy_events import PolicyEvents
from webhook.replica.reconciler import Reconciler
from webhook.review.context import OwnerRecord, OwnerReference

START_TIMEOUT = 60.0
"""Seconds that a start waits for an API server that is away."""
_PAUSE = 1.0
_NAMESPACES = "/api/v1/namespaces"
# Request Timeout, Conflict, Too Many Requests: refusals that another try may not meet.
_TRANSIENT = (408, 409, 429)
_LAST_PASS = 2.0
"""Seconds that a reconciliation may still take before the Lease is left to another."""
_T = TypeVar("_T")


class Member:
    """The replica's knowledge of the cluster, and its part in the work that all share.

    ``policy`` gives the one in force, ``fault`` what is wrong with its file, if anything is.
    ``key`` gives the key of a certificate that stands in files; without it mlgate makes its own,
    which comes from ``source``. Raises ApiError where the API server does not give what a start
    needs, and ValueError where the bundle cannot be used.
    """

    def __init__(
        self,
        options: ReplicaOptions,
        client: Client,
        policy: Callable[[], Policy],
        log: Log,
        key: Callable[[], bytes] | None,
        fault: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._options = options
        self._client = client
        self._policy = policy
        self._fault = fault
        self._log = log
        self._events = PolicyEvents(client, options)
        self._answering: Callable[[], bool] = lambda: False
        self._bundle = read_bundle_file(options.bundle)
        self._registrar = Registrar(client, self._configure, may_write=self._may_write)
        self._credentials = self._obtain() if key is None else None
        self.tokens = ClientTokens(partial(_keys, self._credentials, key))
        self._elector = LeaderElector(
            client,
            lease_path(options),
            options.replica,
            changed=self._leader_changed,
            failed=self._election_failed,
        )
        self._reconciler = Reconciler(self._reconcile, log)
        self._watches = [*self._make_watches()]
        self._metrics: ClusterMetrics | None = None
        self._namespace_uid = ""
        self._cache = ClusterCache(client.read, self._kinds, log)
        self.inventory = self._cache.inventory

    @property
    def source(self) -> CertificateSource | None:
        return self._credentials.source if self._credentials else None

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a Namespace, None where they are not known."""
        return self._cache.namespace_labels(namespace)

    def owner(self, uid: str) -> Answer:
        """Whether an object of that UID exists."""
        return self._cache.owner(uid)

    def owner_record(self, uid: str) -> OwnerRecord | None:
        """What is kept of the object of that UID."""
        return self._cache.owner_record(uid)

    def fetch_owner(self, sought: OwnerReference, seconds: float) -> OwnerRecord | None:
        """The owner as the API server has it now."""
        return self._cache.fetch_owner(sought, seconds)

    def ran_before(self, namespace: str, owner: str, pods: str) -> bool:
        """Whether an earlier revision of an object had such pods."""
        return self._cache.ran_before(namespace, owner, pods)

    def not_ready(self) -> str | None:
        """Why the replica is not ready; None where it is."""
        if self._credentials is not None and self._credentials.is_stale():
            return f"the certificate in the {self._credentials.source.certificate} is not served"
        return self._cache.not_ready()

    def start(self, answering: Callable[[], bool], metrics: Metrics) -> None:
        """Begin to follow the cluster.

        The registration waits until ``answering`` says that reviews are answered: an API server
        that calls a webhook before that delays or fails its users' requests.
        """
        self._answering = answering
        self._metrics = ClusterMetrics(metrics, self._cache, self._elector.is_leader)
        self._cache.start()
        self._elector.start()
        self._reconciler.start()
        for watch in self._watches:
            watch.start()

    def step_down(self) -> None:
        """Stop writing, and leave the Lease to another replica. Reviews are still answered."""
        for watch in self._watches:
            watch.stop()
        self._reconciler.stop()
        self._reconciler.join(_LAST_PASS)
        # While a pass is under way, it may write: the Lease is then left to become stale.
        self._elector.stop(release=not self._reconciler.is_alive())

    def stop(self) -> None:
        """Step down, and end."""
        self.step_down()
        self._cache.stop()

    def wake(self) -> None:
        """Reconcile now: the policy has changed, or its file cannot be used any more."""
        self._reconciler.wake()

    def _obtain(self) -> Credentials:
        """The identity that the replicas share. Raises ApiError where the API server does not
        give it for ``START_TIMEOUT``."""
        options = self._options.registration
        name = f"{options.service}.{options.namespace}.svc"
        names = (name, f"{name}.cluster.local", *_host_of(options.url))
        peers = Peers(self._client, options.namespace, options.service, name)
        secret = IdentitySecret(self._client, options.namespace, self._options.secret)
        return retry_while_unavailable(
            lambda: Credentials(secret, Issuer(names), self._registrar, peers)
        )

    def _make_watches(self) -> Iterator[ObjectWatch]:
        paths = [path for path in CONFIGURATION_PATHS.values() if self._options.register]
        if self._credentials is not None:
            paths.append(self._credentials.path)
        for path in paths:
            collection, _, name = path.rpartition("/")
            wake = self._reconciler.wake
            yield ObjectWatch(self._client, collection, name, wake, self._watch_failed(path))

    def _kinds(self) -> tuple[Kind, ...]:
        return kinds_of(self._policy())

    def _leader_changed(self, leads: bool) -> None:  # noqa: FBT001 - the elector calls it
        self._log.event("info", "leader", leads=leads, replica=self._options.replica)
        self._reconciler.wake()

    def _election_failed(self, error: str) -> None:
        self._log.event("warning", "election-failed", error=error)

    def _watch_failed(self, path: str) -> Callable[[str], None]:
        return lambda error: self._log.event("warning", "watch-failed", resource=path, error=error)

    def _reconcile(self) -> float | None:
        """One pass. The seconds after which the next is due, if that is soon."""
        try:
            try:
                # First, since the registration names it.
                self._reconcile_certificate()
            finally:  # the break-glass annotation must work without a certificate
                self._reconcile_registration()
            if self._elector.is_leader():
                self._events.tell(self._fault())
        except ApiError:
            if self._metrics:
                self._metrics.failures.inc()
            raise
        return self._registrar.pause

    def _reconcile_certificate(self) -> None:
        credentials = self._credentials
        if credentials is None:
            return
        before = credentials.identity
        credentials.sync(leads=self._elector.is_leader())
        if credentials.identity != before:
            self._log.event("info", "identity", **credentials.describe())
        if self._metrics:
            ends = expiry(credentials.identity.authority.certificate)
            self._metrics.authority_expiry.set(ends.timestamp())

    def _reconcile_registration(self) -> None:
        if not (self._answering() and self._options.register and self._elector.is_leader()):
            return
        for kind in self._registrar.reconcile():
            self._log.event("info", "registered", kind=kind, disabled=self._registrar.disabled)
            if self._metrics:
                self._metrics.writes.labels(kind).inc()
        if self._metrics:
            self._metrics.disabled.set(self._registrar.disabled)

    def _configure(self) -> Iterator[JsonObject]:
        options = self._options.registration._replace(
            bundle=self._trusted(),
            token=self.tokens.current if self._options.tokens else "",
            namespace_uid=self._find_namespace(),
        )
        yield from make_configurations(self._policy(), options)

    def _find_namespace(self) -> str:
        """The UID of mlgate's own namespace; empty where it has none, or may not see it."""
        # A list of one: to list and watch Namespaces is allowed anyway, to get one is not.
        name = self._options.registration.namespace
        if not self._namespace_uid:
            with contextlib.suppress(ApiError):
                found = self._client.get(f"{_NAMESPACES}?fieldSelector=metadata.name%3D{name}")
                uids = [one["metadata"]["uid"] for one in (found or {}).get("items") or ()]
                self._namespace_uid = next(iter(uids), "")
        return self._namespace_uid

    def _trusted(self) -> str | None:
        """What the API server is to trust; of a file that cannot be read, what it held last."""
        if self._credentials is not None:
            return self._credentials.identity.bundle
        try:
            self._bundle = read_bundle_file(self._options.bundle)
        except ValueError as error:
            self._log.event("warning", "bundle", error=str(error))
        return self._bundle

    def _may_write(self) -> bool:
        return self._elector.is_leader()


def _keys(credentials: Credentials | None, key: Callable[[], bytes] | None) -> Iterable[bytes]:
    """The keys that all replicas share."""
    if credentials is not None:
        return credentials.keys
    return () if key is None else (key(),)


def lease_path(options: ReplicaOptions) -> str:
    """Where the Lease is by which the replicas elect one of them."""
    namespace = options.registration.namespace
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{options.lease}"


def uninstall(client: Client, options: ReplicaOptions, timing: LeaseTiming = LeaseTiming()) -> None:  # noqa: B008
    """Remove the webhook configurations, though replicas may still run. Raises ApiError."""
    try:
        mark_uninstalled(client, lease_path(options))
        # A leader reads the mark when it renews the Lease, and may write until then.
        time.sleep(timing.deadline)
    except ApiError as error:
        if error.status != 404:  # without the namespace of the Lease no replica can lead
            raise
    remove_configurations(client)


def retry_while_unavailable(get: Callable[[], _T], timeout: float = START_TIMEOUT) -> _T:
    """What ``get`` returns, tried again while the API server is away. Raises ApiError."""
    end = time.monotonic() + timeout
    while True:
        try:
            return get()
        except ApiError as error:
            refused = 400 <= error.status < 500 and error.status not in _TRANSIENT
            if refused or time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


def _host_of(url: str | None) -> list[str]:
    host = urlsplit(url).hostname if url else None
    return [host] if host else []
