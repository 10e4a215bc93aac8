"""deploy/dashboard: what is deployed is what the command understands, and may read and no more."""

import argparse
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import rules
from linter.commands import dashboard
from tests.deploy.calls import NAMESPACE
from tests.deploy.strict_lint import lint_strictly
from tests.deploy.test_base import ROOT
from tests.e2e.cluster import find_programs

FOLDER = ROOT / "deploy/dashboard"
OBJECTS: dict[str, dict[str, Any]] = {
    one["kind"]: one
    for path in sorted(FOLDER.glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text())
}
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
LABELS = {"app.kubernetes.io/name": "mlgate-dashboard"}


def read_arguments(words: list[str]) -> SimpleNamespace:
    parser = argparse.ArgumentParser()
    dashboard.add_arguments(parser)
    return parser.parse_args(words, SimpleNamespace())


def test_the_command_line_is_understood_and_shut() -> None:
    name, *words = CONTAINER["args"]
    assert [*CONTAINER["command"], name] == ["mlgate", "dashboard"]
    arguments = read_arguments(words)
    dashboard._check_listening(arguments)
    assert arguments.token_file
    (port,) = CONTAINER["ports"]
    assert port["containerPort"] == arguments.port
    mounts = {one["mountPath"]: one for one in CONTAINER["volumeMounts"]}
    for file in (arguments.policy, arguments.tls_cert, arguments.tls_key, arguments.token_file):
        assert mounts[str(Path(file).parent)]["readOnly"] is True
    assert "readOnly" not in mounts[str(Path(arguments.history).parent)]
    assert CONTAINER["image"] == f"ghcr.io/mlgate/mlgate:{rules.VERSION}"


def test_it_may_list_what_a_scan_may_and_nothing_else() -> None:
    scan = yaml.safe_load_all((ROOT / "deploy/scan/access.yaml").read_text())
    (role,) = (one for one in scan if one["kind"] == "ClusterRole")
    assert OBJECTS["ClusterRole"]["rules"] == [
        one for one in role["rules"] if one["verbs"] == ["list"]
    ]
    account = OBJECTS["ServiceAccount"]
    subject = {"kind": "ServiceAccount", "name": "mlgate-dashboard", "namespace": NAMESPACE}
    assert OBJECTS["ClusterRoleBinding"]["subjects"] == [subject]
    assert POD["serviceAccountName"] == account["metadata"]["name"] == "mlgate-dashboard"
    assert account["automountServiceAccountToken"] is False


def test_the_pod_is_a_restricted_one() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    kinds = {kind for one in POD["volumes"] for kind in one.keys() - {"name"}}
    assert kinds == {"configMap", "secret", "emptyDir"}


def test_what_is_selected_is_the_pod() -> None:
    spec = OBJECTS["Deployment"]["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"] == LABELS
    assert OBJECTS["Service"]["spec"]["selector"] == LABELS
    assert OBJECTS["NetworkPolicy"]["spec"]["podSelector"] == {"matchLabels": LABELS}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = {"path": "/healthz", "port": "https", "scheme": "HTTPS"}
        assert CONTAINER[probe]["httpGet"] == asked


def test_kubectl_renders_it_beside_the_base(tmp_path: Path) -> None:
    programs = find_programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    base, component = (tmp_path / name for name in ("base", "dashboard"))
    base.symlink_to(ROOT / "deploy/base")
    component.symlink_to(FOLDER)
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "resources: [../base]\ncomponents: [../dashboard]\n"
    )
    command = [str(programs / "kubectl"), "kustomize", str(overlay)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {(one["kind"], one["metadata"]["name"]) for one in yaml.safe_load_all(rendered)}
    own = {(kind, "mlgate-dashboard") for kind in OBJECTS.keys() - {"Component"}}
    assert own <= names
    assert ("Deployment", "mlgate") in names


def test_mlgate_finds_nothing_in_it(tmp_path: Path) -> None:
    answer = lint_strictly(FOLDER, tmp_path)
    assert (answer.code, answer.out) == (0, "")
