"""The chart: the same objects as the base, well-formed in every setting, and no lock-out."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.cli import main
from tests.deploy.test_base import BASE, ROOT
from tests.e2e.cluster import find_programs
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
    "openshift": {"runAs": None},
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
    "traced": {
        "tracing": {
            "enabled": True,
            "env": [{"name": "OTEL_TRACES_SAMPLER", "value": "parentbased_always_off"}],
        }
    },
    "on the nodes' network": {"hostNetwork": True, "port": 18443, "metricsPort": 18080},
}

Tree = dict[str, Any]


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
def test_every_setting_passes_our_own_rules(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(template(SETTINGS[name]).stdout)
    code = main(["lint", "--profile", "strict", str(rendered)])
    assert code == 0, capsys.readouterr().out


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
def test_tracing_is_the_components(tmp_path: Path) -> None:
    programs = find_programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    for name in ("base", "tracing"):
        (tmp_path / name).symlink_to(ROOT / "deploy" / name)
    overlay = tmp_path / "overlay/kustomization.yaml"
    overlay.parent.mkdir()
    overlay.write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "resources: [../base]\ncomponents: [../tracing]\n"
    )
    command = [str(programs / "kubectl"), "kustomize", str(overlay.parent)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    component = by_name(list(yaml.safe_load_all(rendered)))["Deployment", "mlgate"]
    made = by_name(render({"tracing": {"enabled": True}}))["Deployment", "mlgate"]
    assert made == component


@needs_helm
def test_a_critical_priority_class_has_its_quota() -> None:
    made = by_name(render(SETTINGS["enforce"]))["ResourceQuota", "mlgate-critical"]
    assert made == yaml.safe_load((ROOT / "deploy/enforce/resource-quota.yaml").read_text())
    assert ("ResourceQuota", "mlgate-critical") not in by_name(render({}))


@needs_helm
def test_the_scan_is_the_components() -> None:
    made = by_name(render(SETTINGS["scan"]))
    component = [
        body
        for path in sorted((ROOT / "deploy/scan").glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for body in yaml.safe_load_all(path.read_text())
    ]
    for name, body in by_name(component).items():
        assert made[name] == body


@needs_helm
def test_the_dashboard_is_the_component() -> None:
    made = by_name(render(SETTINGS["dashboard"]))
    component = [
        body
        for path in sorted((ROOT / "deploy/dashboard").glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for body in yaml.safe_load_all(path.read_text())
    ]
    own = {name: body for name, body in made.items() if name[1] == "mlgate-dashboard"}
    assert own == by_name(component)
    assert all(name[1] != "mlgate-dashboard" for name in by_name(render({})))


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
    access = yaml.safe_load_all((ROOT / "deploy/scan/reports/access.yaml").read_text())
    for name, body in by_name(list(access)).items():
        assert made[name] == body
    job = made["CronJob", "mlgate-scan"]["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert container["args"][-2:] == ["--write-reports", "--events"]
    events = yaml.safe_load_all((ROOT / "deploy/scan/events/access.yaml").read_text())
    for name, body in by_name(list(events)).items():
        assert made[name] == body
    written = made["ClusterRole", "mlgate-scan-reports"]["rules"]
    assert {name for rule in written for name in rule["resources"]} == {
        "clusterpolicyreports",
        "clusterreports",
        "policyreports",
        "reports",
    }
    assert ("ClusterRole", "mlgate-scan-reports") not in by_name(render(SETTINGS["scan"]))


@needs_helm
def test_alerts_are_those_of_the_component() -> None:
    words = ("--api-versions", "monitoring.coreos.com/v1")
    done = template({"monitoring": {"enabled": True}}, NAMESPACE, *words)
    made = by_name([one for one in yaml.safe_load_all(done.stdout) if one])
    rule = yaml.safe_load((ROOT / "deploy/monitoring/prometheus-rule.yaml").read_text())
    assert made["PrometheusRule", "mlgate"]["spec"] == rule["spec"]


@needs_helm
@pytest.mark.parametrize(
    ("values", "namespace", "complaint"),
    [
        ({}, "kube-system", "mlgate wants a namespace of its own, not kube-system"),
        ({"replicas": 1, "failurePolicy": "Fail"}, NAMESPACE, "needs 2 replicas or more"),
        ({"replicas": 0}, NAMESPACE, "replicas"),
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


def test_a_scan_lists_what_the_webhook_watches_and_writes_nothing() -> None:
    watched = [one for one in cluster_permissions() if one.verbs == ("list", "watch")]
    *scanned, registration = scan_permissions()
    assert registration.verbs == ("get",)
    assert registration.names == ("mlgate",)
    assert {verb for one in scanned for verb in one.verbs} == {"list"}
    assert [one[:2] for one in scanned] == [one[:2] for one in watched]
    assert all("secrets" not in one.resources for one in scanned)
