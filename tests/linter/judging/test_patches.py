"""Kustomize: a base is not blamed for what its overlays set, and patches are judged as its own."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from linter.cli import main

BASE = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: finetune
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: trainer
        image: registry.example.com/trainer:1.0
        command: [python, train.py, --output-dir, s3://models/run1]
        resources: {requests: {cpu: 4, memory: 16Gi}, limits: {memory: 16Gi}}
"""
BOUNDED = BASE.replace("spec:\n", "spec:\n  backoffLimit: 2\n  activeDeadlineSeconds: 7200\n", 1)
BOUNDS = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: any
spec:
  backoffLimit: 2
  activeDeadlineSeconds: 7200
"""
OVERLAY = "resources: [../base]\npatches:\n"
CHOSEN = ("--select", "MET003,MLG003,MLG004,MLG006,TRN001,TRN002,TRN003")
"""The rules that these tests tell of: others find more in such manifests."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("base", "prod"):
        Path(folder).mkdir()
    Path("base/kustomization.yaml").write_text("resources: [job.yaml]\n")
    Path("base/job.yaml").write_text(BASE)
    return tmp_path


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    chosen = () if "--select" in arguments else CHOSEN
    main(["lint", "--format", "json", *chosen, *(arguments or (".",))])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def rows(report: dict[str, Any]) -> list[tuple[str, int, str, str]]:
    return [(row["file"], row["line"], row["rule"], row["action"]) for row in report["findings"]]


def write_overlay(text: str, **patches: str) -> None:
    Path("prod/kustomization.yaml").write_text(OVERLAY + text)
    for name, patch in patches.items():
        Path(f"prod/{name}.yaml").write_text(patch)


def test_a_base_is_not_denied_for_what_an_overlay_sets(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_overlay("- {path: bounds.yaml, target: {kind: Job}}\n", bounds=BOUNDS)
    report = lint(capsys)
    assert rows(report) == [
        ("base/job.yaml", 5, "TRN002", "audit"),
        ("base/job.yaml", 5, "TRN003", "audit"),
    ]
    assert all(
        row["message"].endswith("(patched by prod/bounds.yaml: lint the build)")
        for row in report["findings"]
    )
    Path("prod/kustomization.yaml").write_text("resources: [../base]\n")
    assert [row[3] for row in rows(lint(capsys, "base", "prod"))] == ["deny", "warn"]


def test_a_value_of_the_base_that_a_patch_mends_is_not_denied(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("base/job.yaml").write_text(BOUNDED.replace("backoffLimit: 2", "backoffLimit: 20"))
    write_overlay("- {path: bounds.yaml, target: {kind: Job}}\n", bounds=BOUNDS)
    assert rows(lint(capsys)) == [("base/job.yaml", 6, "TRN002", "audit")]


def test_a_value_of_the_base_that_no_patch_touches_is_denied(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("base/job.yaml").write_text(BASE.replace("Never", "OnFailure"))
    write_overlay("- {path: bounds.yaml, target: {kind: Job}}\n", bounds=BOUNDS)
    assert ("base/job.yaml", 8, "TRN001", "deny") in rows(lint(capsys))


def test_a_bad_value_is_found_in_the_patch_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("base/job.yaml").write_text(BOUNDED)
    write_overlay("- {path: p.yaml, target: {kind: Job}}\n", p=BOUNDS.replace(": 2", ": 20"))
    report = lint(capsys)
    assert rows(report) == [("prod/p.yaml", 6, "TRN002", "deny")]
    (row,) = report["findings"]
    assert (row["role"], row["object"]["name"]) == ("training", "finetune")
    assert rows(lint(capsys, "prod/p.yaml")) == rows(report)
    assert rows(lint(capsys, "--jobs", "3", ".")) == rows(report)


def test_bad_values_are_found_in_a_patch_inside_the_kustomization(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("base/job.yaml").write_text(BOUNDED)
    text = BOUNDS.replace(": 2", ": 20") + "  template: {spec: {restartPolicy: OnFailure}}\n"
    inside = "".join(f"    {line}\n" for line in text.splitlines())
    write_overlay(f"- target: {{kind: Job}}\n  patch: |-\n{inside}")
    report = lint(capsys)
    assert rows(report) == [
        ("prod/kustomization.yaml", 10, "TRN002", "deny"),
        ("prod/kustomization.yaml", 12, "TRN001", "deny"),
    ]
    row = report["findings"][0]
    assert row["path"] == "/patches/0/patch"
    assert row["embedded"]["path"] == "/spec/backoffLimit"


def test_bad_values_are_found_in_operations(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("base/job.yaml").write_text(BOUNDED)
    operations = (
        "- {op: replace, path: /spec/backoffLimit, value: 20}\n"
        "- op: add\n  path: /spec/template/spec/restartPolicy\n  value: OnFailure\n"
    )
    write_overlay("- {path: p.yaml, target: {kind: Job}}\n", p=operations)
    report = lint(capsys)
    assert rows(report) == [
        ("prod/p.yaml", 1, "TRN002", "deny"),
        ("prod/p.yaml", 4, "TRN001", "deny"),
    ]
    assert report["errors"] == report["coverage"]["skipped"] == []
    inside = "".join(f"    {line}\n" for line in operations.splitlines())
    write_overlay(f"- target: {{kind: Job}}\n  patch: |-\n{inside}")
    Path("prod/p.yaml").unlink()
    assert rows(lint(capsys)) == [
        ("prod/kustomization.yaml", 5, "TRN002", "deny"),
        ("prod/kustomization.yaml", 8, "TRN001", "deny"),
    ]


def test_operations_that_are_for_nothing_at_hand_are_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = "operations of a JSON Patch: what they are for is not at hand"
    Path("prod/p.yaml").write_text("- {op: add, path: /spec/backoffLimit, value: 20}\n")
    assert [row["reason"] for row in lint(capsys, "prod")["coverage"]["skipped"]] == [reason]
    assert [row["reason"] for row in lint(capsys, "prod/p.yaml")["errors"]] == [reason]
    Path("prod/kustomization.yaml").write_text(
        "resources: [https://example.com/base]\npatches:\n"
        "- {target: {kind: Job}, patch: '[{op: add, path: /spec/backoffLimit, value: 20}]'}\n"
    )
    skipped = lint(capsys, "prod")["coverage"]["skipped"]
    assert [(row["file"], row["reason"]) for row in skipped] == [
        ("prod/kustomization.yaml", reason),
        ("prod/p.yaml", reason),
    ]


def test_a_patch_of_many_objects_is_told_once(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("base/job.yaml").write_text(f"{BOUNDED}---\n{BOUNDED.replace('finetune', 'other')}")
    write_overlay("- {path: p.yaml, target: {kind: Job}}\n", p=BOUNDS.replace(": 2", ": 20"))
    assert rows(lint(capsys)) == [("prod/p.yaml", 6, "TRN002", "deny")]


def test_no_safe_fix_in_a_patch_rests_on_what_the_base_may_hold(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scratch = (
        "      volumes: [{name: scratch, emptyDir: {}}]\n      containers:\n      - name: trainer\n"
        "        volumeMounts: [{name: scratch, mountPath: /scratch}]\n"
    )
    Path("base/job.yaml").write_text(
        BOUNDED.replace("      containers:\n      - name: trainer\n", scratch)
    )
    patch = BASE.replace("Never", "OnFailure")
    for base in (BOUNDED, BOUNDED.replace("      containers:\n      - name: trainer\n", scratch)):
        Path("base/job.yaml").write_text(base)
        write_overlay("- path: p.yaml\n", p=patch)
        (row,) = lint(capsys)["findings"]
        assert (row["rule"], row["fix"]["safety"]) == ("TRN001", "unsafe")


def test_a_fix_is_made_in_the_patch(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("base/job.yaml").write_text(BOUNDED)
    inside = "".join(f"    {line}\n" for line in BOUNDS.replace(": 2", ": 20").splitlines())
    target = "target: {kind: Job}"
    write_overlay(
        f"- {{path: p.yaml, {target}}}\n- {target}\n  patch: |-\n{inside}",
        p="- op: replace\n  path: /spec/backoffLimit\n  value: 20  # too many\n",
    )
    assert len(lint(capsys)["findings"]) == 2
    assert main(["lint", "--fix", "--unsafe-fixes", *CHOSEN, "."]) == 0
    assert Path("prod/p.yaml").read_text().endswith("value: 3  # too many\n")
    assert "backoffLimit: 3\n" in Path("prod/kustomization.yaml").read_text()
    assert Path("base/job.yaml").read_text() == BOUNDED


def test_ignores_count_in_patches(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("base/job.yaml").write_text(BOUNDED)
    comment = "  # mlgate: ignore[TRN002] the sweep controller bounds it"
    patch = BOUNDS.replace("backoffLimit: 2", f"backoffLimit: 20{comment}")
    inside = "".join(f"    {line}\n" for line in patch.splitlines())
    write_overlay(
        f"- {{path: p.yaml, target: {{kind: Job}}}}\n- target: {{kind: Job}}\n  patch: |-\n{inside}"
        f"- {{path: q.yaml, target: {{kind: Job}}}}\n",
        p=patch,
        q=f"- op: replace\n  path: /spec/backoffLimit\n  value: 20{comment}\n",
    )
    report = lint(capsys)
    assert (report["findings"], report["suppressed"]) == ([], 3)


def test_an_ignore_in_a_patch_is_for_what_the_base_lacks(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    annotation = "metadata:\n  annotations: {mlgate.dev/ignore: TRN003=bounded by the queue}\n"
    write_overlay(
        "- {path: p.yaml, target: {kind: Job}}\n",
        p=f"kind: Job\napiVersion: batch/v1\n{annotation}",
    )
    assert {row[3] for row in rows(lint(capsys))} == {"audit"}


IMAGELESS = BASE.replace("        image: registry.example.com/trainer:1.0\n", "")


def test_a_missing_image_is_the_sign_of_a_patch(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("prod/a.yaml").write_text(IMAGELESS)
    assert rows(lint(capsys, "prod")) == []


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        (f"# Source: chart/templates/job.yaml\n{IMAGELESS}", False),
        (f"{IMAGELESS}status: {{}}\n", False),
        (IMAGELESS, True),
    ],
)
def test_a_missing_image_is_no_sign_of_a_patch(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    listed: bool,  # noqa: FBT001
) -> None:
    Path("prod/a.yaml").write_text(text)
    if listed:
        Path("prod/kustomization.yaml").write_text("resources: [a.yaml]\n")
    assert [row[2] for row in rows(lint(capsys, "prod"))] == ["TRN002", "TRN003", "MET003"]


def test_standard_input_is_no_patch(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    for arguments, found in (
        ((), ["TRN002", "TRN003", "MET003"]),
        (("--stdin-filename", "a.yaml"), []),
    ):
        stream = io.TextIOWrapper(io.BytesIO(IMAGELESS.encode()))
        main(["lint", "--format", "json", *CHOSEN, "-", *arguments], stdin=stream)
        report = json.loads(capsys.readouterr().out)
        assert [row["rule"] for row in report["findings"]] == found


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl builds kustomizations")
def test_what_is_found_in_patches_is_found_in_the_build(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BOUNDS.replace(": 2", ": 20") + "  template: {spec: {restartPolicy: OnFailure}}\n"
    write_overlay(
        "- {path: p.yaml, target: {kind: Job}}\n- {path: q.yaml, target: {name: 'fine.*'}}\n",
        p=text,
        q="- {op: replace, path: /spec/activeDeadlineSeconds, value: 9000000}\n",
    )
    found = {row["rule"] for row in lint(capsys, "prod")["findings"]}
    built = subprocess.run(["kubectl", "kustomize", "prod"], capture_output=True, check=True)
    Path("built.yaml").write_bytes(built.stdout)
    assert found == {row["rule"] for row in lint(capsys, "built.yaml")["findings"]}


TRAINING = """\
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: speech}
spec:
  pytorchReplicaSpecs:
    Worker:
      template:
        spec:
          containers:
          - name: pytorch
            image: registry.example.com/speech:1.4
"""
DEBUG = TRAINING.replace("image: registry.example.com/speech:1.4", "env: [{name: A, value: b}]")


@pytest.mark.parametrize(
    "overlay",
    [
        "resources: [../base]\npatches: [{path: p.yaml}]\n",
        "resources: [../base]\npatches: [{path: p.yaml, target: {kind: PyTorchJob}}]\n",
        "resources: [../base]\npatchesStrategicMerge: [p.yaml]\n",
    ],
)
def test_a_list_of_a_custom_resource_is_replaced(
    here: Path, capsys: pytest.CaptureFixture[str], overlay: str
) -> None:
    Path("base/job.yaml").write_text(TRAINING)
    Path("prod/kustomization.yaml").write_text(overlay)
    Path("prod/p.yaml").write_text(DEBUG)
    report = lint(capsys, "--select", "MET006")
    assert rows(report) == [("prod/p.yaml", 9, "MET006", "warn")]
    assert "image of pytorch will be gone" in report["findings"][0]["message"]
    assert rows(lint(capsys, "--select", "MET006", "prod/p.yaml")) == rows(report)
    Path("prod/kustomization.yaml").write_text(f"openapi: {{path: schema.json}}\n{overlay}")
    assert rows(lint(capsys, "--select", "MET006")) == []


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl builds kustomizations")
def test_kustomize_replaces_what_is_told(here: Path) -> None:
    (here / "base/job.yaml").write_text(TRAINING)
    write_overlay("- {path: p.yaml}\n", p=DEBUG)
    built = subprocess.run(["kubectl", "kustomize", "prod"], capture_output=True, check=True)
    assert b"speech:1.4" not in built.stdout


def test_what_a_kustomization_generates_is_there(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = BOUNDED.replace(
        "command:", "envFrom: [{configMapRef: {name: a}}, {secretRef: {name: b}}]\n        command:"
    )
    (here / "base/job.yaml").write_text(named)
    flags = ("--complete", "--select", "REF001", ".")
    assert [row[1:] for row in rows(lint(capsys, *flags))] == [
        (14, "REF001", "warn"),
        (14, "REF001", "audit"),
    ]
    assert rows(lint(capsys, "--jobs", "3", *flags)) == rows(lint(capsys, *flags))
    assert rows(lint(capsys, "--select", "REF001")) == []
    write_overlay("[]\nconfigMapGenerator: [{name: a}]\nsecretGenerator: [{name: b}]\n")
    assert rows(lint(capsys, *flags)) == []


def test_an_image_that_a_kustomization_tags_is_no_floating_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("base/job.yaml").write_text(BOUNDED.replace("trainer:1.0", "trainer:latest"))
    chosen = ("--select", "IMG001", ".")
    assert rows(lint(capsys, *chosen)) == [("base/job.yaml", 13, "IMG001", "warn")]
    Path("prod/kustomization.yaml").write_text(
        "resources: [../base]\nimages: [{name: registry.example.com/trainer, newTag: 1.4}]\n"
    )
    report = lint(capsys, *chosen)
    assert rows(report) == [("base/job.yaml", 13, "IMG001", "audit")]
    assert report["findings"][0]["message"].endswith(
        "(tagged by prod/kustomization.yaml: lint the build)"
    )
    Path("prod/kustomization.yaml").write_text(
        "resources: [../base]\nimages: [{name: registry.example.com/other, newTag: 1.4}]\n"
    )
    assert rows(lint(capsys, *chosen)) == [("base/job.yaml", 13, "IMG001", "warn")]
