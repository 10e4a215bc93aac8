"""I77: what deploy/base/access.yaml allows is what a replica asks for in all of its life, as the
audit log of the API server has it."""

import base64
import datetime
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
import yaml

from tests.e2e.cluster import Cluster, until
from tests.e2e.custom_kinds import CUSTOM, installed
from tests.e2e.installation import BASE, CONFIGURATIONS, NAMESPACE, Installation
from webhook.identity.rotation import Issuer, encode_identity

DISABLED = "mlgate.dev/disabled"
SECRET = ("secret", "mlgate-tls", "-n", NAMESPACE)
NAMES = ["mlgate.mlgate-system.svc", "mlgate.mlgate-system.svc.cluster.local"]
LEASE = ("lease", "mlgate", "-n", NAMESPACE)

CREATED, FORBIDDEN = 201, 403
PATIENCE = 60.0
"""Seconds until a replica watches every kind, one after the other, on a busy machine."""

Body = dict[str, Any]


class Access(NamedTuple):
    """What RBAC looks at: no namespace is the whole cluster, no name is whatever name."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str = ""


def read_grants() -> Iterator[Access]:
    """Every verb on every resource that the ServiceAccount is allowed."""
    for role in yaml.safe_load_all((BASE / "access.yaml").read_text()):
        for rule in role.get("rules", ()):
            parts = (rule["verbs"], rule["apiGroups"], rule["resources"])
            names = rule.get("resourceNames", [""])
            for verb, group, resource, name in itertools.product(*parts, names):
                namespace = role["metadata"].get("namespace", "")
                yield Access(verb, group, resource, namespace, name)


GRANTS = set(read_grants())


def read_uses(events: list[Body]) -> Iterator[Access]:
    """What was asked for, with the name and without. Whoever applies what is not there yet needs
    to create it too (apiserver ``endpoints/handlers/patch.go``)."""
    for event in events:
        about = event.get("objectRef")
        if about is None:
            continue
        made = event["verb"] == "patch" and event["responseStatus"]["code"] == CREATED
        for verb in (event["verb"], *(["create"] if made else [])):
            at = (about.get("apiGroup", ""), about["resource"], about.get("namespace", ""))
            yield Access(verb, *at)
            yield Access(verb, *at, about.get("name", ""))


def idle(events: list[Body]) -> set[Access]:
    """What is allowed and was never asked for."""
    return GRANTS - set(read_uses(events))


@pytest.fixture(scope="module")
def events(cluster: Cluster) -> Iterator[list[Body]]:
    """The audit log of a replica's life, in a cluster that has every kind."""
    for one in (SECRET, LEASE):
        cluster.kubectl("delete", *one, "--ignore-not-found")
    before = len(cluster.audited)
    with installed(cluster, {name: {"v1"} for name in CUSTOM}):
        installation = Installation(cluster)
        try:
            live(cluster, installation, before)
        finally:
            installation.stop()
        yield cluster.audited[before:]


def live(cluster: Cluster, installation: Installation, before: int) -> None:
    """From a first start to the end: all that a replica may come to do."""
    replica = installation.add("--shutdown-delay", "0", "--grace", "5")
    until(installation.registered)
    switch_off_and_on(cluster, installation)
    spoil_leaf(cluster)
    change_authority(cluster)
    spoil_policy(cluster, installation)
    with suppress(TimeoutError):  # what is idle then is for a test to tell
        until(lambda: {one.verb for one in idle(cluster.audited[before:])} <= {"delete"}, PATIENCE)
    installation.uninstall()
    installation.remove(replica)


def switch_off_and_on(cluster: Cluster, installation: Installation) -> None:
    cluster.kubectl("annotate", CONFIGURATIONS[0], f"{DISABLED}=true")
    until(lambda: not any(installation.hooks(one) for one in CONFIGURATIONS))
    cluster.kubectl("annotate", CONFIGURATIONS[0], f"{DISABLED}-")
    until(installation.registered)


def spoil_leaf(cluster: Cluster) -> None:
    """Take the leaf's key away: the Secret is updated."""
    before = cluster.get(*SECRET)["data"]
    cluster.kubectl("patch", *SECRET, "-p", '{"data": {"tls.key": null}}')
    until(lambda: cluster.get(*SECRET)["data"].get("tls.crt") != before["tls.crt"])


def change_authority(cluster: Cluster) -> None:
    """Put another authority into the Secret, all at once. The last one is kept until no replica
    serves a leaf of it; replicas are found by their EndpointSlices."""
    texts = encode_identity(Issuer(NAMES).create(datetime.datetime.now(datetime.UTC)))
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    cluster.kubectl("patch", *SECRET, "-p", json.dumps({"data": data}))
    until(lambda: "last-authority.crt" in cluster.get(*SECRET)["data"])


def spoil_policy(cluster: Cluster, installation: Installation) -> None:
    """Write a policy that cannot be used: K129 too, an Event says so."""
    good = installation.policy.read_text()
    installation.policy.write_text("profile: strct\n")
    until(lambda: "strct" in cluster.kubectl("describe", "deployment/mlgate", "-n", NAMESPACE))
    installation.policy.write_text(good)


def test_i77_nothing_is_refused(events: list[Body]) -> None:
    assert events != []
    assert {(one["verb"], one["requestURI"]) for one in events if is_refused(one)} == set()


def is_refused(event: Body) -> bool:
    decision = event["annotations"]["authorization.k8s.io/decision"]
    return bool(decision != "allow" or event["responseStatus"]["code"] == FORBIDDEN)


def test_i77_every_permission_is_needed(events: list[Body]) -> None:
    assert idle(events) == set()


def test_i77_nothing_else_is_asked_for(events: list[Body]) -> None:
    """Discovery is everyone's; all the rest is allowed by our own roles."""
    by_role = {("objectRef" in event, role_of(event)) for event in events}
    assert by_role == {
        (False, 'ClusterRole "system:discovery"'),
        (True, 'ClusterRole "mlgate"'),
        (True, 'Role "mlgate"'),
    }


def role_of(event: Body) -> str:
    """Which role allowed a request, in the words of RBAC."""
    reason = event["annotations"]["authorization.k8s.io/reason"]
    found = re.search(r' of ((?:Cluster)?Role "[^"]+")', reason)
    return found[1] if found else str(reason)
