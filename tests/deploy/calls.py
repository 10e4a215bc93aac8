"""What the parts of a replica ask of the API server, as RBAC sees it."""

import datetime
import io
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from kubernetes.client import Configuration

from cluster.client import Client, JsonObject
from rules.kinds import BUILT_IN
from rules.kinds.neighbours import NEIGHBOURS
from rules.policy import DEFAULT
from tests.cluster.fake_api import running
from tests.cluster.fake_store import install
from tests.cluster.waiting import until
from webhook.commands.webhook_check import look
from webhook.identity.rotation import Issuer
from webhook.identity.secret import IdentitySecret
from webhook.knowledge.cluster_cache import ClusterCache
from webhook.observability.logs import Log
from webhook.registration.configurations import (
    DISABLED_ANNOTATION,
    make_configurations,
    plural_of,
)
from webhook.registration.options import RegistrationOptions
from webhook.registration.registrar import CONFIGURATION_PATHS, Registrar, remove_configurations
from webhook.replica import member
from webhook.replica.election import LeaderElector, mark_uninstalled
from webhook.replica.object_watch import ObjectWatch
from webhook.replica.options import ReplicaOptions
from webhook.replica.peers import Peers
from webhook.replica.permissions import RETIRED_GROUP
from webhook.replica.policy_events import PolicyEvents

WATCHED = [kind for kind in (*BUILT_IN, *NEIGHBOURS) if kind.group != RETIRED_GROUP]
"""What a cluster can have."""
OPTIONS = ReplicaOptions()
NAMESPACE = OPTIONS.registration.namespace
SWITCHED_OFF = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "mlgate", "annotations": {DISABLED_ANNOTATION: "true"}},
}


class Call(NamedTuple):
    """A request as RBAC sees it; no namespace is the whole cluster."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str


VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def read_call(method: str, target: str) -> Call | None:
    """What a request asks for (apiserver ``endpoints/request/requestinfo.go``); None for
    discovery."""
    address = urlsplit(target)
    query = {key: one for key, (one,) in parse_qs(address.query).items()}
    root, *parts = address.path.strip("/").split("/")
    group = parts.pop(0) if root == "apis" and parts else ""
    if not parts:
        return None
    _version, *parts = parts
    namespace = parts[1] if parts[0] == "namespaces" and len(parts) > 1 else ""
    resource, *names = parts[2:] if len(parts) > 2 and namespace else parts
    selected = query.get("fieldSelector", "").removeprefix("metadata.name=")
    reading = "watch" if "watch" in query else "get" if names else "list"
    verb = VERBS.get(method, reading)
    return Call(verb, group, resource, namespace, names[0] if names else selected)


class Recorder(Client):
    """A client that remembers what it asked for."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self.calls: set[Call] = set()

    def apply(self, path: str, body: JsonObject, owner: str) -> JsonObject:
        """Of an object that is not there yet the API server asks for ``create`` as well."""
        call = read_call("POST", path)
        assert call is not None
        self.calls.add(call)
        return super().apply(path, body, owner)

    def _open(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],
        patience: float,
        body: JsonObject | None = None,
    ) -> Any:
        call = read_call(verb, path)
        if call is not None:
            self.calls.add(call)
        return super()._open(verb, path, headers, patience, body)


def make_calls(*, own_certificate: bool = True) -> set[Call]:
    """Everything that the parts of a replica ask of an API server that has every kind; with a
    certificate of its own, or one in files."""
    with running() as api:
        install(api)
        api.serve("", "v1", "Namespace", "namespaces")
        api.serve("", "v1", "Event", "events")
        api.serve("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
        for kind in WATCHED:
            api.serve(kind.group, "v1", kind.name, plural_of(kind))
        client = Recorder(Configuration(host=api.url))
        api.put(api.kinds["/apis/apps/v1/deployments"], OPTIONS.deployment, NAMESPACE)
        PolicyEvents(client, OPTIONS).tell("it is none")
        follow(client)
        elect(client)
        if own_certificate:
            share(client)
        register(client)
        return client.calls


def probe_calls() -> set[Call]:
    """What `mlgate webhook-check` asks for, of an mlgate that is registered and does not answer."""
    with running() as api:
        install(api)
        api.serve("", "v1", "Namespace", "namespaces")
        api.put(api.kinds["/api/v1/namespaces"], "default")
        api.serve("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
        options = RegistrationOptions(NAMESPACE, bundle="one")
        Registrar(
            Client(Configuration(host=api.url)), lambda: make_configurations(DEFAULT, options)
        ).reconcile()
        client = Recorder(Configuration(host=api.url))
        assert not look(client, "default").final
        return client.calls


def follow(client: Recorder) -> None:
    """The caches: discovery, lists and watches."""
    caches = ClusterCache(client.read, lambda: BUILT_IN, Log(io.StringIO()))
    caches.start()
    # Of each kind, and of Namespaces. A copy: other threads write.
    until(lambda: sum(one.verb == "watch" for one in client.calls.copy()) > len(WATCHED))
    caches.stop()


def elect(client: Recorder) -> None:
    """The election: to lead, to leave, and to end for good."""
    leads = threading.Event()
    path = member.lease_path(OPTIONS)
    leader = LeaderElector(client, path, "one", changed=lambda now: leads.set() if now else None)
    leader.start()
    assert leads.wait(10)
    leader.stop()
    mark_uninstalled(client, path)


def share(client: Recorder) -> None:
    """The certificate: the Secret made and replaced, and the other replicas asked for."""
    now = datetime.datetime.now(datetime.UTC)
    store = IdentitySecret(client, NAMESPACE, OPTIONS.secret)
    for _ in range(2):
        store.update(lambda _found: Issuer(["mlgate"]).create(now))
    assert Peers(client, NAMESPACE, OPTIONS.registration.service, "mlgate").addresses() == []
    hear(client, store.path)


def register(client: Recorder) -> None:
    """The configurations: made, heard of, emptied and removed."""
    registrar = Registrar(
        client, lambda: make_configurations(DEFAULT, RegistrationOptions(NAMESPACE))
    )
    assert registrar.reconcile() == list(CONFIGURATION_PATHS)
    for path in CONFIGURATION_PATHS.values():
        hear(client, path)
    client.apply(CONFIGURATION_PATHS["ValidatingWebhookConfiguration"], SWITCHED_OFF, "somebody")
    assert registrar.reconcile() == list(CONFIGURATION_PATHS)
    remove_configurations(client)


def hear(client: Recorder, path: str) -> None:
    """Watch an object until its first event comes."""
    collection, _, name = path.rpartition("/")
    heard = threading.Event()
    trigger = ObjectWatch(client, collection, name, heard.set)
    trigger.start()
    assert heard.wait(10)
    trigger.stop()
