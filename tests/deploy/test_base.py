"""deploy/base: what of the promises stands in manifests, and that they fit what is deployed."""

import argparse
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import rules
from cluster.access import Permission
from rules.checks import ALL
from rules.model import Action
from rules.policy.decisions import weigh
from tests.deploy.calls import NAMESPACE, OPTIONS, WATCHED, Call, make_calls, probe_calls
from tests.deploy.strict_lint import lint_strictly
from tests.e2e.cluster import find_programs
from webhook.commands import generate, serve
from webhook.knowledge.cluster_cache import CacheTiming
from webhook.registration.configurations import plural_of
from webhook.replica import member
from webhook.replica.permissions import (
    cluster_permissions,
    own_permissions,
    probe_permissions,
    question_permissions,
    shared_permissions,
    sight_permissions,
)
from webhook.server.policy_reloader import load_active_policy
from webhook.server.process import MAX_CONNECTIONS
from webhook.server.request_limits import DEFAULT_MAX_BODY, MAX_FULL_BODIES, MAX_TREE

ROOT = Path(__file__).parents[2]
BASE = ROOT / "deploy/base"
GROUP = "admissionregistration.k8s.io"
READS = {"get", "list", "watch"}
WRITES = {"create", "update", "patch", "delete"}

Tree = dict[str, Any]


def read_base() -> Iterator[Tree]:
    for path in sorted(BASE.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


OBJECTS = {one["kind"]: one for one in read_base()}
"""By kind: there is one of each."""
KUSTOMIZATION = OBJECTS["Kustomization"]
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
LABELS = {"app.kubernetes.io/name": "mlgate"}


def rules_of(kind: str) -> list[Tree]:
    found: list[Tree] = OBJECTS[kind]["rules"]
    return found


def read_arguments() -> SimpleNamespace:
    """The container's command line, as ``mlgate serve`` reads it."""
    command = [*CONTAINER["command"], *CONTAINER["args"]]
    assert command[:2] == ["mlgate", "serve"]
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    return parser.parse_args(command[2:], SimpleNamespace())


# I77: the least that it needs


def test_i77_nothing_is_allowed_wholesale() -> None:
    for rule in (*rules_of("Role"), *rules_of("ClusterRole")):
        assert rule.keys() <= {"apiGroups", "resources", "resourceNames", "verbs"}
        assert "*" not in [*rule["apiGroups"], *rule["resources"]]
        assert set(rule["verbs"]) <= READS | WRITES


def test_i77_of_the_cluster_the_kinds_that_rules_know_are_read_and_no_others() -> None:
    unnamed = [rule for rule in rules_of("ClusterRole") if "resourceNames" not in rule]
    assert {tuple(rule["verbs"]) for rule in unnamed} == {("list", "watch")}
    read = {(rule["apiGroups"][0], name) for rule in unnamed for name in rule["resources"]}
    known = {(kind.group, plural_of(kind)) for kind in WATCHED}
    assert read == {("", "namespaces"), *known}
    assert ("", "secrets") not in read


def test_i77_of_the_cluster_two_objects_are_written() -> None:
    written = {
        (*rule["apiGroups"], *rule["resources"], *rule["resourceNames"])
        for rule in rules_of("ClusterRole")
        if not WRITES.isdisjoint(rule["verbs"])
    }
    assert written == {
        (GROUP, "validatingwebhookconfigurations", "mlgate"),
        (GROUP, "mutatingwebhookconfigurations", "zz-mlgate"),
    }


def test_i77_the_one_secret_is_in_its_own_namespace() -> None:
    assert OBJECTS["Role"]["metadata"]["namespace"] == NAMESPACE
    secrets = [rule for rule in rules_of("Role") if "secrets" in rule["resources"]]
    assert [(rule.get("resourceNames"), rule["verbs"]) for rule in secrets] == [
        (["mlgate-tls"], ["get", "watch", "update"]),
        (None, ["create"]),
    ]


def test_i77_the_permissions_are_given_to_one_account() -> None:
    account = OBJECTS["ServiceAccount"]["metadata"]
    subject = {"kind": "ServiceAccount", "name": account["name"], "namespace": NAMESPACE}
    assert account["namespace"] == NAMESPACE
    for kind in ("Role", "ClusterRole"):
        binding = OBJECTS[f"{kind}Binding"]
        assert binding["subjects"] == [subject]
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == (kind, "mlgate")
    assert OBJECTS["RoleBinding"]["metadata"]["namespace"] == NAMESPACE


def test_i77_the_token_is_mounted_in_the_pods_alone() -> None:
    assert OBJECTS["ServiceAccount"]["automountServiceAccountToken"] is False
    assert POD["automountServiceAccountToken"] is True
    assert POD["serviceAccountName"] == OBJECTS["ServiceAccount"]["metadata"]["name"]


def allows(permission: Permission, call: Call) -> bool:
    return (
        call.verb in permission.verbs
        and call.group == permission.group
        and call.resource in permission.resources
        and (not permission.names or call.name in permission.names)
    )


def check_needed(permissions: Iterable[Permission], calls: set[Call]) -> None:
    """Every call is allowed, and every permission is used."""
    permissions = [*permissions]
    refused = {call for call in calls if not any(allows(one, call) for one in permissions)}
    assert refused == set()
    idle = [
        (verb, resource)
        for one in permissions
        for verb in one.verbs
        for resource in one.resources
        if not any(
            allows(one._replace(verbs=(verb,), resources=(resource,)), call) for call in calls
        )
    ]
    assert idle == []


@pytest.mark.parametrize("own_certificate", [True, False], ids=["its own", "of cert-manager"])
def test_i77_every_call_is_allowed_and_every_permission_is_used(*, own_certificate: bool) -> None:
    calls = make_calls(own_certificate=own_certificate)
    assert {call.namespace for call in calls} == {"", NAMESPACE}
    own = own_permissions(OPTIONS) if own_certificate else shared_permissions(OPTIONS)
    check_needed(own, {call for call in calls if call.namespace == NAMESPACE})
    check_needed(cluster_permissions(), {call for call in calls if call.namespace == ""})


def test_i77_the_probe_may_ask_its_question_and_no_more() -> None:
    calls = probe_calls()
    check_needed(question_permissions("default"), {one for one in calls if one.name == "default"})
    check_needed(sight_permissions(), {one for one in calls if one.namespace == NAMESPACE})
    check_needed(probe_permissions(), {one for one in calls if not one.namespace})


# I78: a pod that could do little harm


def test_i78_the_namespace_takes_restricted_pods_alone() -> None:
    labels = OBJECTS["Namespace"]["metadata"]["labels"]
    assert OBJECTS["Namespace"]["metadata"]["name"] == NAMESPACE
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_i78_the_pod_is_nobody_and_may_nothing() -> None:
    user = POD["securityContext"]
    assert user["runAsNonRoot"] is True
    assert min(user["runAsUser"], user["runAsGroup"]) > 0
    assert user["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_i78_the_pod_shares_nothing_with_its_node() -> None:
    assert not {"hostNetwork", "hostPID", "hostIPC"} & POD.keys()
    assert [one.keys() & {"hostPort", "hostIP"} for one in CONTAINER["ports"]] == [set(), set()]
    assert [one.keys() for one in POD["volumes"]] == [{"name", "configMap"}]
    assert [one["readOnly"] for one in CONTAINER["volumeMounts"]] == [True]


# K95: the memory of the worst that is accepted


def test_k95_the_limit_of_the_base_holds_all_that_is_accepted() -> None:
    limit = CONTAINER["resources"]["limits"]["memory"]
    assert limit.endswith("Mi")
    idle, connection = 100 * 2**20, 60 * 2**10
    bodies = MAX_FULL_BODIES * DEFAULT_MAX_BODY
    most = idle + MAX_CONNECTIONS * connection + bodies + MAX_TREE
    assert int(limit.removesuffix("Mi")) * 2**20 >= most


# K101: who reaches it over the network


def test_k101_strangers_reach_the_port_of_the_reviews_alone() -> None:
    spec = OBJECTS["NetworkPolicy"]["spec"]
    assert spec["podSelector"] == {"matchLabels": LABELS}
    assert spec["policyTypes"] == ["Ingress"]
    reviews, metrics = spec["ingress"]
    assert reviews == {"ports": [{"port": "https"}]}
    assert metrics["ports"] == [{"port": "http"}]
    (source,) = metrics["from"]
    assert source.keys() == {"namespaceSelector"}
    assert source["namespaceSelector"]["matchLabels"]
    assert {one["name"] for one in CONTAINER["ports"]} == {"https", "http"}


# E55: a rolling update without failed reviews, as far as manifests go


def test_e55_no_replica_goes_before_another_has_come() -> None:
    spec = OBJECTS["Deployment"]["spec"]
    assert spec["replicas"] >= 2
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_e55_nodes_are_drained_one_replica_at_a_time() -> None:
    spec = OBJECTS["PodDisruptionBudget"]["spec"]
    assert spec["maxUnavailable"] == 1 < OBJECTS["Deployment"]["spec"]["replicas"]
    assert spec["selector"] == {"matchLabels": LABELS}


def test_e55_replicas_are_spread_and_start_all_the_same() -> None:
    spread = {one["topologyKey"]: one for one in POD["topologySpreadConstraints"]}
    assert spread.keys() == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    for one in spread.values():
        assert (one["maxSkew"], one["whenUnsatisfiable"]) == (1, "ScheduleAnyway")
        assert one["labelSelector"] == {"matchLabels": LABELS}


def test_e55_a_replica_is_given_the_time_to_end() -> None:
    arguments = read_arguments()
    assert arguments.shutdown_delay >= 10
    assert POD["terminationGracePeriodSeconds"] > arguments.grace > arguments.shutdown_delay


def test_e55_only_a_ready_replica_is_called() -> None:
    probe = CONTAINER["readinessProbe"]
    assert probe["httpGet"] == {"path": "/readyz", "port": "http"}


# what is deployed fits what it deploys


def test_a_start_is_given_the_time_that_it_may_take() -> None:
    probe = CONTAINER["startupProbe"]
    assert probe["httpGet"] == CONTAINER["livenessProbe"]["httpGet"]
    assert probe["httpGet"] == {"path": "/healthz", "port": "http"}
    given = probe["periodSeconds"] * probe["failureThreshold"]
    assert given > member.START_TIMEOUT + CacheTiming().readiness


def test_the_image_is_of_this_version() -> None:
    assert CONTAINER["image"] == f"ghcr.io/mlgate/mlgate:{rules.VERSION}"


def test_the_command_line_is_understood() -> None:
    assert serve._usage_problem(read_arguments()) is None


def test_ports_lead_where_the_server_listens() -> None:
    arguments = read_arguments()
    listening = {one["name"]: one["containerPort"] for one in CONTAINER["ports"]}
    assert listening == {"https": arguments.port, "http": arguments.metrics_port}
    service = OBJECTS["Service"]
    assert service["metadata"]["name"] == arguments.service
    assert service["spec"]["ports"] == [
        {"name": "https", "port": arguments.service_port, "targetPort": "https"}
    ]
    assert service["spec"]["selector"] == LABELS


def test_the_pods_are_those_that_are_selected() -> None:
    spec = OBJECTS["Deployment"]["spec"]
    assert spec["selector"] == {"matchLabels": LABELS}
    assert spec["template"]["metadata"]["labels"] == LABELS


def test_the_pod_tells_its_name_and_its_namespace() -> None:
    told = {one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"] for one in CONTAINER["env"]}
    assert told == {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    spaces = {kind: one.get("metadata", {}).get("namespace") for kind, one in OBJECTS.items()}
    assert {kind for kind, one in spaces.items() if one not in (None, NAMESPACE)} == set()
    assert {kind for kind, one in spaces.items() if one is None} == {
        "ClusterRole",
        "ClusterRoleBinding",
        "Kustomization",
        "Namespace",
        "Policy",
    }


def test_the_policy_is_mounted_where_it_is_read() -> None:
    """A whole ConfigMap: kubelet does not renew a file that is mounted alone (``subPath``)."""
    (generator,) = KUSTOMIZATION["configMapGenerator"]
    (volume,) = POD["volumes"]
    (mount,) = CONTAINER["volumeMounts"]
    assert volume["configMap"] == {"name": generator["name"]}
    assert generator["options"]["disableNameSuffixHash"] is True
    assert mount.keys() == {"name", "mountPath", "readOnly"}
    assert mount["name"] == volume["name"]
    (file,) = generator["files"]
    assert read_arguments().policy == Path(mount["mountPath"]) / file


def test_the_policy_observes() -> None:
    policy = load_active_policy(BASE / "mlgate.yaml").policy
    actions = {weigh(policy, rule, form).action for rule in ALL for form in rule.forms}
    assert Action.AUDIT in actions
    assert actions <= {Action.AUDIT, Action.OFF}


def test_mlgate_finds_nothing_in_it(tmp_path: Path) -> None:
    answer = lint_strictly(BASE, tmp_path)
    assert (answer.code, answer.out) == (0, "")
    assert "1 pod template (Deployment 1)" in answer.err


def test_the_generated_file_is_the_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert generate.main(["--check"]) == 0


def test_generate_tells_of_an_old_file_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = (generate.ALERTS, generate.VALUES, generate.README)
    for file in (*asked, generate.VALUES_SCHEMA, generate.POLICY_SCHEMA):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((ROOT / file).read_text())
    access = Path("deploy/base/access.yaml")
    access.parent.mkdir(parents=True)
    access.write_text("old")
    assert generate.main(["--check"]) == 1
    assert f"{access} is out of date" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_the_kustomization_names_every_file() -> None:
    (generator,) = KUSTOMIZATION["configMapGenerator"]
    named = [*KUSTOMIZATION["resources"], *generator["files"], "kustomization.yaml"]
    assert sorted(named) == sorted(path.name for path in BASE.iterdir())


def render(programs: Path, folder: Path) -> dict[str, Tree]:
    command = [str(programs / "kubectl"), "kustomize", str(folder)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {one["kind"]: one for one in yaml.safe_load_all(rendered)}


def test_kubectl_renders_it() -> None:
    programs = find_programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    objects = render(programs, BASE)
    policy = objects.pop("ConfigMap")
    assert policy["data"] == {"mlgate.yaml": (BASE / "mlgate.yaml").read_text()}
    assert policy["metadata"]["namespace"] == NAMESPACE
    assert objects == {
        kind: one for kind, one in OBJECTS.items() if kind not in ("Kustomization", "Policy")
    }


def blocks(beginning: str) -> list[str]:
    """The YAML of docs/install.md that begins so."""
    page = (ROOT / "docs/install.md").read_text()
    return re.findall(rf"```yaml\n({beginning}.*?)```", page, re.DOTALL)


def render_overlay(folder: Path, *more: str) -> dict[str, Tree]:
    """What comes of the overlay of docs/install.md, with more in it."""
    programs = find_programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    (overlay,) = blocks("apiVersion: kustomize")
    base = os.path.relpath(BASE, folder.resolve())
    text = "".join([overlay.replace("../base", base), *more])
    (folder / "kustomization.yaml").write_text(text)
    return render(programs, folder)


def test_the_overlay_of_the_docs_renders(tmp_path: Path) -> None:
    (more,) = blocks("configMapGenerator:")
    (tmp_path / "mlgate.yaml").write_text("their own")
    objects = render_overlay(tmp_path, more)
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"registry.example.com/mlgate:{rules.VERSION}"
    assert container["args"] == [*CONTAINER["args"], "--failure-policy=Fail"]
    assert objects["ConfigMap"]["data"] == {"mlgate.yaml": "their own"}


def test_the_client_token_of_the_docs_renders(tmp_path: Path) -> None:
    (more,) = (one for one in blocks("patches:") if "--client-token" in one)
    pod = render_overlay(tmp_path, more)["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert mounted.keys() == {one["name"] for one in pod["volumes"]}
    assert container["args"][-1] == f"--client-token={mounted['client']}/token"


def test_the_network_policy_of_the_docs_renders(tmp_path: Path) -> None:
    (more,) = (one for one in blocks("patches:") if "kind: NetworkPolicy" in one)
    reviews, metrics = render_overlay(tmp_path, more)["NetworkPolicy"]["spec"]["ingress"]
    assert [*reviews["from"][0], *reviews["from"][1]] == ["ipBlock", "podSelector"]
    assert reviews["from"][1]["podSelector"] == {"matchLabels": LABELS}
    (source,) = metrics["from"]
    selected = source["namespaceSelector"]["matchLabels"]
    assert selected == {"kubernetes.io/metadata.name": "observability"}
