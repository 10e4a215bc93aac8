"""What kustomize and Helm make of the deployment, in every combination that is documented: the same
objects by either way, and nothing that a linter finds but what is told with its reason."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.overlays import OVERLAYS, ROOT, Tree, build, read
from tests.deploy.strict_lint import lint_strictly
from tests.deploy.test_chart import (
    NAMESPACE,
    SETTINGS,
    by_name,
    is_hook,
    needs_helm,
    template,
)

VERSION = "1.37"
REASONS = ROOT / "deploy/kube-score.md"
MONITORING = ("--api-versions", "monitoring.coreos.com/v1")

SAME = {
    "base": "default",
    "enforce": "enforce",
    "openshift": "openshift",
    "openshift dashboard": "openshift dashboard",
    "cert-manager": "cert-manager",
    "high-availability": "high availability",
    "scan": "scan",
    "reporting": "reporting",
    "dashboard": "dashboard",
    "monitoring": "monitored",
    "monitored dashboard": "monitored dashboard",
    "traced": "traced",
}
"""The settings of the chart that make what an overlay makes."""


def made_by_helm(setting: str) -> list[Tree]:
    done = template(SETTINGS[setting], NAMESPACE, *MONITORING)
    assert done.returncode == 0, done.stderr
    return read(done.stdout)


@needs_helm
@pytest.mark.parametrize("overlay", SAME)
def test_helm_makes_what_kustomize_makes(overlay: str, tmp_path: Path) -> None:
    charted = by_name([one for one in made_by_helm(SAME[overlay]) if not is_hook(one)])
    built = by_name(read(build(overlay, tmp_path)))
    built.pop(("Namespace", NAMESPACE))  # Helm's own
    for made in (charted, built):
        policy = made.pop(("ConfigMap", "mlgate-policy"))
        assert policy["data"].keys() == {"mlgate.yaml"}
    # Named apart, for kustomize takes no object twice; each is what the other is.
    renamed = built.pop(("ResourceQuota", "mlgate-high-availability"), None)
    if renamed:
        assert renamed["spec"] == charted.pop(("ResourceQuota", "mlgate-critical"))["spec"]
    assert charted == built


def list_made(folder: Path) -> dict[str, str]:
    """Everything that is deployed, as YAML by a name: each overlay, each setting of the chart."""
    made = {}
    for overlay in OVERLAYS:
        (folder / overlay).mkdir()
        made[f"kustomize {overlay}"] = build(overlay, folder / overlay)
    for setting in SETTINGS:
        made[f"helm {setting}"] = yaml.safe_dump_all(made_by_helm(setting))
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return list_made(tmp_path_factory.mktemp("made"))


@needs_helm
def test_mlgate_finds_nothing_in_any_of_them(made: dict[str, str], tmp_path: Path) -> None:
    found = {}
    for name, text in made.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "all.yaml").write_text(text)
        answer = lint_strictly(folder, tmp_path)
        if answer.code or answer.out:
            found[name] = answer.out
    assert found == {}


@needs_helm
def test_every_object_is_what_its_schema_says(made: dict[str, str]) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    # Most objects are the same in most of them: each is checked once.
    bodies = {json.dumps(body): name for name, text in made.items() for body in read(text)}
    wrong = []
    checked = set()
    for text, name in bodies.items():
        body = json.loads(text)
        if body["apiVersion"].startswith(("cert-manager.io/", "monitoring.coreos.com/")):
            continue  # custom kinds, of which Kubernetes has no schema
        try:
            validator.validate(body, VERSION, strict=True)
        except validator.ValidationError as error:
            wrong.append((name, body["kind"], error.message))
        checked.add(body["kind"])
    assert wrong == []
    assert {"Deployment", "HorizontalPodAutoscaler", "Job", "NetworkPolicy"} <= checked


def test_a_wrong_object_is_not_what_its_schema_says() -> None:
    validator = pytest.importorskip("kubernetes_validate")
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"portz": []}}
    with pytest.raises(validator.ValidationError, match="portz"):
        validator.validate(body, VERSION, strict=True)


def find_kube_score() -> str | None:
    beside = Path(os.environ.get("KUBEBUILDER_ASSETS", "/nowhere")) / "kube-score"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("kube-score")


def read_reasons() -> dict[str, str]:
    """The checks of kube-score that are left out, each with the reason."""
    return dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", REASONS.read_text(), re.MULTILINE))


def score(text: str, left_out: set[str]) -> dict[str, set[str]]:
    """The checks that are not passed, each with the objects."""
    program = find_kube_score()
    if program is None:
        pytest.skip("no kube-score in KUBEBUILDER_ASSETS or on PATH")
    options = [f"--ignore-test={one}" for one in sorted(left_out)]
    command = [program, "score", "--output-format=json", *options, "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    found: dict[str, set[str]] = {}
    for body in json.loads(done.stdout):
        for check in body["checks"]:
            if not check["skipped"] and check["grade"] < 10:
                found.setdefault(check["check"]["id"], set()).add(body["object_name"])
    return found


@needs_helm
def test_kube_score_finds_nothing_but_what_is_told(made: dict[str, str]) -> None:
    reasons = read_reasons()
    wrong = {name: found for name, text in made.items() if (found := score(text, {*reasons}))}
    assert wrong == {}


@needs_helm
def test_every_reason_is_needed(made: dict[str, str]) -> None:
    found = {check for text in made.values() for check in score(text, set())}
    assert found == read_reasons().keys()
