"""The chart: the same objects as the base, well-formed in every setting, and no lock-out."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_base import BASE, ROOT
from webhook.commands.chart_values import list_values
from webhook.replica.permissions import cluster_permissions, scan_permissions

CHART = ROOT / "deploy/chart"
NAMESPACE = "mlgate-system"

_OF_HELM = {
    "app.kubernetes.io/instance",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
}

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "enforce": {
        "failurePolicy": "Fail",
        "replicas": 3,
        "priorityClassName": "system-cluster-critical",
        "policy": {"apiVersion": "mlgate.dev/v1", "kind": "Policy", "profile": "strict"},
    },
    "known clients": {
        "arguments": ["--client-token=/etc/mlgate-client/token"],
        "extraVolumes": [{"name": "client", "secret": {"secretName": "mlgate-client"}}],
        "extraVolumeMounts": [
            {"name": "client", "mountPath": "/etc/mlgate-client", "readOnly": True}
        ],
    },
    "openshift": {"runAs": None},
    "openshift dashboard": {"runAs": None, "dashboard": {"enabled": True}},
    "scan": {"scan": {"enabled": True}},
    "reporting": {"scan": {"enabled": True, "writeReports": True, "writeEvents": True}},
    "dashboard": {"dashboard": {"enabled": True}},
    "kept dashboard": {
        "dashboard": {
            "enabled": True,
            "tlsSecret": "issued",
            "historyClaim": "kept",
            "allowFrom": ["ingress"],
            "arguments": ["--interval=5m"],
        },
    },
    "placed": {
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "system", "operator": "Exists", "effect": "NoSchedule"}],
        "image": {"pullSecrets": ["registry"], "digest": f"sha256:{'0' * 64}"},
        "podAnnotations": {"example.com/a": "b"},
    },
    "guarded": {
        "networkPolicy": {"apiServer": ["192.0.2.10/32"], "metricsFrom": []},
        "arguments": ["--log-reviews=denials"],
        "serviceAccount": {"annotations": {"example.com/a": "b"}},
    },
    "traced": {"tracing": {"enabled": True}},
    "traced in part": {
        "tracing": {
            "enabled": True,
            "env": [{"name": "OTEL_TRACES_SAMPLER", "value": "parentbased_always_off"}],
        }
    },
    "high availability": yaml.safe_load((CHART / "values-high-availability.yaml").read_text()),
    "cert-manager": {"certManager": {"enabled": True}},
    "own issuer": {
        "certManager": {"enabled": True, "issuerRef": {"name": "company", "kind": "ClusterIssuer"}},
        "probe": {"enabled": False, "namespace": "research"},
    },
    "monitored": {"monitoring": {"enabled": True}},
    "monitored dashboard": {"monitoring": {"enabled": True}, "dashboard": {"enabled": True}},
    "IPv6 alone": {"host": "::", "dashboard": {"enabled": True}},
    "on the nodes' network": {"hostNetwork": True, "port": 18443, "metricsPort": 18080},
}

Tree = dict[str, Any]


def policy(**keys: Any) -> dict[str, Any]:
    """A setting of the chart's policy."""
    return {"policy": {"apiVersion": "mlgate.dev/v1", "kind": "Policy", **keys}}


def find_helm() -> str | None:
    beside = Path(os.environ.get("KUBEBUILDER_ASSETS", "/nowhere")) / "helm"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("helm")


HELM = find_helm()
needs_helm = pytest.mark.skipif(HELM is None, reason="no helm in KUBEBUILDER_ASSETS or on PATH")


def template(
    values: Mapping[str, Any], namespace: str = NAMESPACE, *words: str
) -> subprocess.CompletedProcess[str]:
    # A helm that was built without its release's flags takes an old Kubernetes for granted.
    version = ("--kube-version", "1.37.0")
    return subprocess.run(
        [str(HELM), "template", "mlgate", CHART, "-n", namespace, "-f", "-", *version, *words],
        input=yaml.safe_dump(dict(values)),
        capture_output=True,
        text=True,
        check=False,
    )


def render(values: Mapping[str, Any]) -> list[Tree]:
    done = template(values)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def is_hook(body: Tree) -> bool:
    return "helm.sh/hook" in (body["metadata"].get("annotations") or {})


def find_pod(body: Tree) -> Tree | None:
    """The pod spec of an object, if it has one."""
    found: Tree | None = body.get("spec")
    for key in {"Pod": (), "CronJob": ("jobTemplate", "spec", "template", "spec")}.get(
        body["kind"], ("template", "spec")
    ):
        found = (found or {}).get(key)
    return found


def drop_labels(value: Any) -> Any:
    """Without the labels that only Helm sets."""
    if isinstance(value, list):
        return [drop_labels(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: drop_labels(one) for key, one in value.items() if key not in _OF_HELM}


def by_name(bodies: list[Tree]) -> dict[tuple[str, str], Tree]:
    return {(one["kind"], one["metadata"]["name"]): drop_labels(one) for one in bodies}


def read_kustomized() -> dict[tuple[str, str], Tree]:
    """What the base makes, the Namespace apart, which Helm makes by itself."""
    bodies = [
        body
        for path in sorted(BASE.glob("*.yaml"))
        if path.name not in ("kustomization.yaml", "namespace.yaml", "mlgate.yaml")
        for body in yaml.safe_load_all(path.read_text())
    ]
    return by_name(bodies)


@needs_helm
def test_the_default_is_the_base() -> None:
    made = by_name([one for one in render({}) if not is_hook(one)])
    policy = made.pop(("ConfigMap", "mlgate-policy"))
    assert made == read_kustomized()
    written = yaml.safe_load((BASE / "mlgate.yaml").read_text())
    assert yaml.safe_load(policy["data"]["mlgate.yaml"]) == written


@needs_helm
@pytest.mark.parametrize("name", SETTINGS)
def test_every_pod_is_restricted(name: str) -> None:
    for body in render(SETTINGS[name]):
        pod = find_pod(body)
        if pod is None:
            continue
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"].get("runAsUser", 65532) == 65532
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


@needs_helm
def test_settings_reach_the_objects() -> None:
    deployment = by_name(render(SETTINGS["enforce"]))["Deployment", "mlgate"]
    pod = deployment["spec"]["template"]["spec"]
    assert deployment["spec"]["replicas"] == 3
    assert pod["containers"][0]["args"][-1] == "--failure-policy=Fail"
    assert pod["priorityClassName"] == "system-cluster-critical"
    placed = by_name(render(SETTINGS["placed"]))["Deployment", "mlgate"]["spec"]["template"]["spec"]
    assert placed["nodeSelector"] == {"pool": "system"}
    assert placed["imagePullSecrets"] == [{"name": "registry"}]
    assert placed["containers"][0]["image"] == f"ghcr.io/mlgate/mlgate@sha256:{'0' * 64}"
    policy = by_name(render(SETTINGS["guarded"]))["NetworkPolicy", "mlgate"]["spec"]
    assert len(policy["ingress"]) == 1
    assert {"ipBlock": {"cidr": "192.0.2.10/32"}} in policy["ingress"][0]["from"]


@needs_helm
def test_ports_are_those_that_are_listened_on() -> None:
    made = by_name(render(SETTINGS["on the nodes' network"]))["Deployment", "mlgate"]
    pod = made["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["hostNetwork"] is True
    assert container["args"][-2:] == ["--port=18443", "--metrics-port=18080"]
    assert [one["containerPort"] for one in container["ports"]] == [18443, 18080]


@needs_helm
def test_addresses_are_those_that_are_listened_at() -> None:
    made = by_name(render(SETTINGS["IPv6 alone"]))
    for name in ("mlgate", "mlgate-dashboard"):
        pod = made["Deployment", name]["spec"]["template"]["spec"]
        assert "--host=::" in pod["containers"][0]["args"]


@needs_helm
def test_tracing_takes_further_variables() -> None:
    pod = by_name(render(SETTINGS["traced in part"]))["Deployment", "mlgate"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    variable = {"name": "OTEL_TRACES_SAMPLER", "value": "parentbased_always_off"}
    assert container["env"][-1] == variable


@needs_helm
def test_a_critical_priority_class_has_its_quota() -> None:
    made = by_name(render(SETTINGS["enforce"]))["ResourceQuota", "mlgate-critical"]
    assert made == yaml.safe_load((ROOT / "deploy/enforce/resource-quota.yaml").read_text())
    assert ("ResourceQuota", "mlgate-critical") not in by_name(render({}))


@needs_helm
def test_settings_reach_the_dashboard() -> None:
    made = by_name(render(SETTINGS["kept dashboard"]))
    pod = made["Deployment", "mlgate-dashboard"]["spec"]["template"]["spec"]
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert volumes["history"]["persistentVolumeClaim"] == {"claimName": "kept"}
    assert volumes["tls"]["secret"]["secretName"] == "issued"
    assert pod["containers"][0]["args"][-1] == "--interval=5m"
    (rule,) = made["NetworkPolicy", "mlgate-dashboard"]["spec"]["ingress"]
    wanted = {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}
    assert rule["from"] == [{"podSelector": {}}, {"namespaceSelector": wanted}]


@needs_helm
def test_a_scan_that_writes_reports_may_write_nothing_else() -> None:
    made = by_name(render(SETTINGS["reporting"]))
    job = made["CronJob", "mlgate-scan"]["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert container["args"][-2:] == ["--write-reports", "--events"]
    written = made["ClusterRole", "mlgate-scan-reports"]["rules"]
    assert {name for rule in written for name in rule["resources"]} == {
        "clusterpolicyreports",
        "clusterreports",
        "policyreports",
        "reports",
    }
    assert ("ClusterRole", "mlgate-scan-reports") not in by_name(render(SETTINGS["scan"]))


@needs_helm
@pytest.mark.parametrize(
    ("values", "namespace", "complaint"),
    [
        ({}, "kube-system", "mlgate wants a namespace of its own, not kube-system"),
        ({"replicas": 1, "failurePolicy": "Fail"}, NAMESPACE, "needs 2 replicas or more"),
        (
            {"failurePolicy": "Fail", "autoscaling": {"enabled": True, "minReplicas": 1}},
            *(NAMESPACE, "needs 2 replicas or more"),
        ),
        (
            {"autoscaling": {"enabled": True, "maxReplicas": 2}},
            *(NAMESPACE, "autoscaling.maxReplicas is 2, less than minReplicas, 3"),
        ),
        (
            {"probe": {"namespace": NAMESPACE}},
            *(NAMESPACE, f"probe.namespace is {NAMESPACE}, which mlgate is never asked about"),
        ),
        (
            {"probe": {"namespace": "kube-system"}},
            NAMESPACE,
            "probe.namespace is kube-system, which",
        ),
        ({}, "default", "mlgate wants a namespace of its own, not default"),
        ({"spreadOverNodes": "Never"}, NAMESPACE, "spreadOverNodes"),
        ({"certManager": {"issuerRef": {"kind": "Issuer"}}}, NAMESPACE, "issuerRef"),
        ({"replicas": 0}, NAMESPACE, "replicas"),
        ({"port": 8080}, NAMESPACE, "port and metricsPort are both 8080"),
        (
            {"networkPolicy": {"apiServer": ["192.0.2.10"]}},
            *(NAMESPACE, "apiServer has 192.0.2.10, which is no range of addresses, such as"),
        ),
        (
            {"networkPolicy": {"apiServer": ["999.0.0.1/32"]}},
            *(NAMESPACE, "apiServer has 999.0.0.1/32, which is no range of addresses"),
        ),
        (
            {"arguments": ["--failure-policy=Fail"]},
            *(NAMESPACE, "arguments has --failure-policy, which the value failurePolicy gives"),
        ),
        (
            {"dashboard": {"arguments": ["--history=a"]}},
            *(
                NAMESPACE,
                "dashboard.arguments has --history, which the value dashboard.historyClaim",
            ),
        ),
        (
            {"dashboard": {"arguments": ["--host=127.0.0.1"]}},
            *(NAMESPACE, "dashboard.arguments has --host, which the value host gives: set that"),
        ),
        (
            {"dashboard": {"arguments": ["--port=80"]}},
            *(NAMESPACE, "has --port, which the chart gives itself: leave it out"),
        ),
        (
            {"scan": {"arguments": ["--events"]}},
            *(NAMESPACE, "scan.arguments has --events, which the value scan.writeEvents gives"),
        ),
        (
            policy(rules={"TRN999": "deny"}),
            NAMESPACE,
            "/policy/rules': additional properties 'TRN9",
        ),
        (policy(profile="strickt"), NAMESPACE, "'/policy/profile': value must be one of"),
        ({"policy": None}, NAMESPACE, "missing property 'policy'"),
        ({"image": {"repository": "registry.example.com/a:1"}}, NAMESPACE, "/image/repository'"),
        ({"resources": {"limits": {"memory": 512}}}, NAMESPACE, "/resources/limits/memory'"),
        (
            {"resources": {"limits": {"memory": "64Mi"}}},
            *(NAMESPACE, "resources.limits.memory is 64Mi, less than mlgate takes to start: 128Mi"),
        ),
        (
            {"dashboard": {"resources": {"limits": {"memory": "0.1G"}}}},
            *(NAMESPACE, "dashboard.resources.limits.memory is 0.1G, less than"),
        ),
        ({"scan": {"schedule": "daily"}}, NAMESPACE, "/scan/schedule'"),
        ({"dashboard": {"tlsSecret": "A B"}}, NAMESPACE, "/dashboard/tlsSecret'"),
        ({"replica": 3}, NAMESPACE, "replica"),
        ({"failurePolicy": "fail"}, NAMESPACE, "failurePolicy"),
        ({"image": {"repository": "a", "digest": "sha256:1"}}, NAMESPACE, "digest"),
    ],
)
def test_what_would_lock_out_is_refused(
    values: dict[str, Any], namespace: str, complaint: str
) -> None:
    done = template(values, namespace)
    assert done.returncode != 0
    assert complaint in done.stderr


@needs_helm
def test_the_release_is_probed_by_one_who_may_do_no_more_and_is_gone_then() -> None:
    hooks = [one for one in render({}) if one["metadata"]["name"] == "mlgate-probe"]
    kinds = {one["kind"]: one for one in hooks}
    assert len(kinds) == 6
    # Roles in two namespaces: what it asks about, and whether replicas are ready.
    assert {one["metadata"]["namespace"] for one in hooks if one["kind"] == "Role"} == {
        "default",
        NAMESPACE,
    }
    assert len(hooks) == 8
    (container,) = find_pod(kinds["Job"])["containers"]  # type: ignore[index]
    assert container["args"] == ["webhook-check", "--namespace=default", "--wait=240"]
    assert kinds["Job"]["spec"]["activeDeadlineSeconds"] > 240
    assert find_pod(kinds["Job"])["serviceAccountName"] == "mlgate-probe"  # type: ignore[index]
    for one in hooks:
        kind, notes = one["kind"], one["metadata"]["annotations"]
        assert notes["helm.sh/hook"] == "post-install,post-upgrade,test"
        # What a failed probe has seen is kept; what it was allowed is not.
        assert ("hook-failed" in notes["helm.sh/hook-delete-policy"]) is (kind != "Job")
        assert int(notes.get("helm.sh/hook-weight", 0)) == (0 if kind == "Job" else -5)
    off = [one for one in render(SETTINGS["own issuer"]) if "mlgate-probe" in str(one["metadata"])]
    assert {one["metadata"]["annotations"]["helm.sh/hook"] for one in off} == {"test"}
    role, _ = (one for one in off if one["kind"] == "Role")
    assert role["metadata"]["namespace"] == "research"
    assert role["rules"][0]["resourceNames"] == ["research"]


@needs_helm
def test_another_issuer_needs_no_authority_of_ours() -> None:
    made = by_name(render(SETTINGS["own issuer"]))
    reference = {"name": "company", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    assert made["Certificate", "mlgate"]["spec"]["issuerRef"] == reference
    assert [name for kind, name in made if kind in ("Certificate", "Issuer")] == ["mlgate"]


def test_every_value_is_told_and_has_a_schema() -> None:
    told = [one.name for one in list_values((CHART / "values.yaml").read_text())]
    schema = json.loads((CHART / "values.schema.json").read_text())
    leaves = [".".join(path) for path in list_leaves(schema) if path != ("global",)]
    whole = {one for one in told if any(leaf.startswith(f"{one}.") for leaf in leaves)}
    assert {leaf for leaf in leaves if not any(leaf.startswith(f"{one}.") for one in whole)} == {
        one for one in told if one not in whole
    }
    assert whole == {"certManager.issuerRef"}


def list_leaves(schema: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of a schema's properties that have none of their own."""
    if "properties" not in schema:
        yield path
    for key, one in schema.get("properties", {}).items():
        yield from list_leaves(one, (*path, key))


def test_a_scan_lists_what_the_webhook_watches_and_writes_nothing() -> None:
    watched = [one for one in cluster_permissions() if one.verbs == ("list", "watch")]
    *scanned, registration = scan_permissions()
    assert registration.verbs == ("get",)
    assert registration.names == ("mlgate",)
    assert {verb for one in scanned for verb in one.verbs} == {"list"}
    assert [one[:2] for one in scanned] == [one[:2] for one in watched]
    assert all("secrets" not in one.resources for one in scanned)


@needs_helm
@pytest.mark.parametrize("name", ["cost-labels", "gpu-namespaces", "queues-and-gangs"])
def test_a_policy_is_taken_as_it_is(name: str) -> None:
    written = yaml.safe_load((ROOT / f"examples/policies/{name}.yaml").read_text())
    made = by_name(render({"policy": written}))["ConfigMap", "mlgate-policy"]
    taken = yaml.safe_load(made["data"]["mlgate.yaml"])
    assert {key: one for key, one in taken.items() if key in written} == written
