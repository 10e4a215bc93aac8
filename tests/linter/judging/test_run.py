"""The pipeline: every document accounted for, exit codes, one result whatever the order."""

import datetime
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from linter.input.excludes import Excludes
from linter.input.sources import Collection, collect
from linter.judging.run import exit_code, lint
from linter.judging.task import Task
from linter.row_types import ErrorRow, RunResult, SkippedRow
from rules.checks import INDEX
from rules.policy import DEFAULT, Policy

BAD_JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: train
        image: pytorch/pytorch
        command: [torchrun, train.py]
"""
DOUBTFUL_JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: finetune}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: finetune, image: registry.example/finetune:1, command: [/run]}
"""
NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata: {name: lab, labels: {mlgate.dev/profile: observe}}
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_task(policy: Policy = DEFAULT, **known: Any) -> Task:
    return Task(policy, datetime.date(2026, 6, 1), INDEX, **known)


def run(*paths: str, jobs: int = 1, task: Task | None = None) -> RunResult:
    task = task or make_task()
    return lint(task, collect(paths, Excludes("/"), hook=task.hook), jobs=jobs)


def run_text(text: str, name: str = "-", **known: Any) -> RunResult:
    return lint(make_task(**known), Collection([], [], [], {}), [(name, text.encode())])


def places(result: RunResult) -> list[tuple[str, int, int, int]]:
    return [
        (row["rule"], row["document"], row["line"], row["column"]) for row in result["findings"]
    ]


def reasons(entries: Sequence[ErrorRow | SkippedRow]) -> list[tuple[str, int | None, str]]:
    return [(one["file"], one["document"], one["reason"]) for one in entries]


def test_a_finding_says_everything_of_its_place(here: Path) -> None:
    (here / "job.yaml").write_text(f"# two documents\n---\n{BAD_JOB}")
    result = run("job.yaml")
    row = next(row for row in result["findings"] if row["rule"] == "TRN001")
    text = (here / "job.yaml").read_text().splitlines()[row["line"] - 1]
    assert text[row["column"] - 1 : row["end_column"] - 1] == "OnFailure"
    assert (row["file"], row["document"], row["line"]) == ("job.yaml", 1, 9)
    assert row["path"] == ("spec", "template", "spec", "restartPolicy")
    assert row["object"] == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "namespace": None,
        "name": "train",
    }
    assert row["url"].endswith("/TRN001")
    assert set(row) == {
        "rule", "form", "name", "severity", "action", "confidence", "role", "file", "document",
        "line", "column", "end_line", "end_column", "path", "object", "embedded", "message",
        "gpu_hours", "related", "fix", "fingerprint", "url",
    }  # fmt: skip


def test_list_items_have_paths_from_the_document_s_root() -> None:
    item = json.dumps({"apiVersion": "v1", "kind": "List", "items": [1, _read(BAD_JOB)]})
    rows = run_text(item)["findings"]
    row = next(row for row in rows if row["rule"] == "TRN001")
    assert row["path"] == ("items", 1, "spec", "template", "spec", "restartPolicy")
    fixes = [row["fix"] for row in rows if row["fix"]]
    assert fixes
    edits = [edit for fix in fixes for edit in fix["edits"] if edit["op"] != "comment"]
    assert all(edit["path"][:2] == ("items", 1) for edit in edits)


def test_an_embedded_manifest_s_findings_have_lines_of_the_outer_file() -> None:
    inner = "".join(f"        {line}\n" for line in BAD_JOB.splitlines())
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: flow}\nspec:\n"
        "  templates:\n  - name: train\n    resource:\n      action: create\n"
        f"      manifest: |\n{inner}"
    )
    row = next(row for row in run_text(text)["findings"] if row["rule"] == "TRN001")
    assert row["line"] == 16
    assert row["path"] == ("spec", "templates", 0, "resource", "manifest")
    assert row["object"]["kind"] == "Workflow"
    assert row["embedded"] == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": "train",
        "path": ("spec", "template", "spec", "restartPolicy"),
        "text": True,
        "number": 0,
    }


def test_every_document_is_accounted_for(here: Path) -> None:
    (here / "a.yaml").write_text(f"# empty\n---\nimage: a\n---\n{BAD_JOB}---\na: [\n---\n{SERVICE}")
    (here / "b.json").write_text('{"apiVersion": "example.com/v1", "kind": "Foo"}')
    (here / "c.json").write_text('{ // no manifest\n "compilerOptions": {} }')
    result = run(".")
    coverage = result["coverage"]
    assert (coverage["files"], coverage["documents"], coverage["objects"]) == (3, 7, 3)
    assert coverage["pod_templates"] == {"Job.batch": 1}
    assert coverage["unknown_kinds"] == {"Foo.example.com": 1}
    foreign = "not a Kubernetes manifest: apiVersion and kind are not both set"
    assert reasons(coverage["skipped"]) == [
        ("a.yaml", 0, "empty"),
        ("a.yaml", 1, foreign),
        ("c.json", None, foreign),
    ]
    assert [(one["file"], one["document"], one["line"]) for one in result["errors"]] == [
        ("a.yaml", 3, 17)
    ]
    assert ("MLG001", 3, 17) in [place[:3] for place in places(result)]


def test_bytes_that_are_no_text_are_told_with_their_place(here: Path) -> None:
    (here / "a.yaml").write_bytes(b"a: 1\nb: \xff\n")
    result = run("a.yaml")
    assert [(one["line"], one["column"]) for one in result["errors"]] == [(2, 4)]
    assert places(result) == [("MLG001", 0, 2, 4)]
    assert exit_code(result, "never") == 4


LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "".join(f"{' ' * depth}a:\n" for depth in range(5000)),
        LAUGHS,
        "a: &a [*a]\n",
        'a: "' + "x" * 1_000_000,
        "a: b\0\n",
        "a: !!python/object:os.system {}\n",
    ],
)
def test_hostile_text_is_an_error_with_a_place(text: str) -> None:
    (error,) = run_text(text, name="hostile.yaml")["errors"]
    assert error["file"] == "hostile.yaml"
    assert (error["line"] or 0) > 0
    assert (error["column"] or 0) > 0


def test_a_key_set_twice_is_found_where_it_stands() -> None:
    result = run_text("apiVersion: v1\nkind: Service\nspec:\n  type: a\n  type: b\n")
    assert places(result) == [("MLG002", 0, 5, 3)]
    assert [row["path"] for row in result["findings"]] == [("spec", "type")]


@pytest.mark.parametrize(
    "text", ["image: a\n", "- op: add\n  path: /a\n", "# {{ x }}\n---\na: {{ .Values.x }}\n"]
)
def test_what_holds_no_manifest_is_an_error_only_where_named(here: Path, text: str) -> None:
    (here / "values.yaml").write_text(text)
    named, walked = run("values.yaml"), run(".")
    hooked = run("values.yaml", task=make_task(hook=True))
    assert exit_code(named, "warn") == 4
    assert exit_code(walked, "warn") == 5
    assert exit_code(hooked, "warn", hook=True) == 0
    assert walked["errors"] == hooked["errors"] == []
    assert len(walked["coverage"]["skipped"]) == walked["coverage"]["documents"]


def test_helm_text_is_told_how_to_be_rendered() -> None:
    (error,) = run_text("kind: Job\nmetadata:\n  name: {{ .Release.Name }}\n")["errors"]
    assert error["reason"].endswith("judge what it renders: `mlgate lint --helm CHART`")


def test_helm_expressions_in_quotes_are_judged_and_told() -> None:
    result = run_text(BAD_JOB.replace("pytorch/pytorch", '"{{ .Values.image }}"'))
    assert "TRN001" in [row["rule"] for row in result["findings"]]
    assert "what Helm fills in is unknown" in result["errors"][0]["reason"]
    assert not run_text(BAD_JOB.replace("train.py", '"{{inputs.x}}"'))["errors"]


def test_a_chart_beside_manifests_makes_nothing_red(here: Path) -> None:
    (here / "chart" / "templates").mkdir(parents=True)
    (here / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: a\n")
    (here / "chart" / "values.yaml").write_text("image: a\n")
    (here / "chart" / "templates" / "a.yaml").write_text("{{- if .Values.on }}\na: b\n{{- end }}\n")
    (here / "service.yaml").write_text(SERVICE)
    result = run(".")
    assert exit_code(result, "audit") == 0
    assert len(result["coverage"]["skipped"]) == 3


def test_owned_objects_and_exempt_namespaces_are_skipped() -> None:
    owner = "{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: a, controller: true}"
    owned = BAD_JOB.replace("{name: train}", f"{{name: train, ownerReferences: [{owner}]}}")
    exempt = BAD_JOB.replace("{name: train}", "{name: train, namespace: kube-system}")
    stranger = owned.replace("CronJob", "Foo")
    assert [run_text(text)["findings"] == [] for text in (owned, exempt, stranger)] == [
        True,
        True,
        False,
    ]
    result = run_text(f"{owned}---\n{exempt}")
    assert reasons(result["coverage"]["skipped"]) == [
        ("-", 0, "judged with its owner: CronJob nightly"),
        ("-", 1, "in an exempt namespace: kube-system"),
    ]
    assert result["coverage"]["objects"] == 2
    assert result["coverage"]["exempt"] == 1
    assert run_text(BAD_JOB, namespace="kube-system")["findings"] == []


def test_a_kustomize_patch_is_a_fragment(here: Path) -> None:
    patch = BAD_JOB.replace("      restartPolicy: OnFailure\n", "")
    (here / "patch.yaml").write_text(patch)
    assert {"TRN001", "TRN002"} <= {row["rule"] for row in run("patch.yaml")["findings"]}
    (here / "kustomization.yaml").write_text("patches: [{path: patch.yaml}]\n")
    assert run("patch.yaml")["findings"] == []


def test_a_namespace_s_label_chooses_the_profile() -> None:
    label = NAMESPACE
    job = BAD_JOB.replace("{name: train}", "{name: train, namespace: lab}")
    for text in (f"{label}---\n{job}", f"{job}---\n{label}"):
        assert {row["action"] for row in run_text(text)["findings"]} == {"audit"}
    twice = label.replace("observe", "strict")
    result = run_text(f"{label}---\n{job}---\n{twice}")
    assert "deny" in {row["action"] for row in result["findings"]}


def test_comments_suppress_and_are_counted() -> None:
    text = BAD_JOB.replace("OnFailure", "OnFailure  # mlgate: ignore[TRN001] watched by oncall")
    result = run_text(text)
    assert "TRN001" not in [row["rule"] for row in result["findings"]]
    assert result["suppressed"] == 1
    strict = run_text(text, ignores=False)
    assert "TRN001" in [row["rule"] for row in strict["findings"]]
    assert strict["suppressed"] == 0


def test_a_stale_comment_is_found_where_it_stands() -> None:
    text = f"# mlgate: ignore[GPU001] no reason to\n{SERVICE}"
    assert places(run_text(text)) == [("MLG003", 0, 1, 1)]


def test_annotations_suppress_and_are_counted() -> None:
    note = '{name: train, annotations: {mlgate.dev/ignore: "TRN001=watched"}}'
    result = run_text(BAD_JOB.replace("{name: train}", note, 1))
    assert "TRN001" not in [row["rule"] for row in result["findings"]]
    assert result["suppressed"] == 1


def test_roles_are_told_with_their_evidence() -> None:
    (row,) = run_text(BAD_JOB, roles=True)["workloads"]
    assert (row["file"], row["document"], row["line"], row["role"]) == ("-", 0, 2, "training")
    (template,) = row["templates"]
    assert template["path"] == ("spec", "template")
    assert template["evidence"]


def test_a_trial_goes_by_its_experiment_and_is_as_sure_as_that() -> None:
    trial = BAD_JOB.replace("\n", "\n    ")
    text = (
        "apiVersion: kubeflow.org/v1beta1\nkind: Experiment\nmetadata: {name: tune}\n"
        f"spec:\n  trialTemplate:\n   trialSpec:\n    {trial}\n"
    )
    (row,) = run_text(text, roles=True)["workloads"]
    assert (row["object"]["kind"], row["object"]["name"]) == ("Experiment", "tune")
    assert row["embedded"] is not None
    assert (row["embedded"]["kind"], row["embedded"]["path"]) == ("Job", ())
    assert (row["role"], row["confidence"]) == ("training", "high")


def test_forms_that_are_not_wanted_are_left_out() -> None:
    result = run_text(BAD_JOB, unwanted=frozenset({"TRN001/batch"}))
    assert "TRN001" not in [row["rule"] for row in result["findings"]]


@pytest.mark.parametrize(("least", "left"), [("low", 1), ("medium", 1), ("high", 0)])
def test_findings_that_hang_on_a_doubtful_role_are_left_out(least: str, left: int) -> None:
    result = run_text(DOUBTFUL_JOB, least_confidence=least)
    found = [row["confidence"] for row in result["findings"] if row["rule"] == "TRN003"]
    assert found == ["medium"] * left


def test_what_hangs_on_no_role_is_as_sure_as_can_be() -> None:
    result = run_text("kind: [\n", least_confidence="high")
    assert [row["rule"] for row in result["findings"]] == ["MLG001"]


def _many(root: Path) -> None:
    for number in range(12):
        name = f"name: train-{number % 7}"
        text = BAD_JOB.replace("name: train", name, 1) + f"---\n{SERVICE}---\nbroken: [\n"
        (root / f"{number:02}.yaml").write_text(text + "#" * number * 100)
    (root / "values.yaml").write_text("a: b\n")


def test_neither_order_nor_processes_change_the_result(here: Path) -> None:
    _many(here)
    names = sorted(path.name for path in here.iterdir())
    expected = json.dumps(run(*names))
    for seed in range(3):
        random.Random(seed).shuffle(names)  # noqa: S311 - an order, no secret
        assert json.dumps(run(*names)) == expected
    for jobs in (2, 3, 50):
        assert json.dumps(run(*names, jobs=jobs)) == expected


def test_facts_pass_between_processes(here: Path) -> None:
    job = BAD_JOB.replace("name: train}", "name: train, namespace: lab}")
    (here / "a.yaml").write_text(job + "#" * 1000)
    (here / "b.yaml").write_text(NAMESPACE)
    for jobs in (1, 2):
        assert {row["action"] for row in run(".", jobs=jobs)["findings"]} == {"audit"}


def _result(*actions: str, rule: str = "TRN001", errors: int = 0, objects: int = 1) -> Any:
    rows = [{"rule": rule, "action": action, "fix": None} for action in actions]
    return {"findings": rows, "errors": [{}] * errors, "coverage": {"objects": objects}}


@pytest.mark.parametrize(
    ("result", "fail_on", "code"),
    [
        (_result(), "warn", 0),
        (_result("warn"), "warn", 1),
        (_result("warn"), "deny", 0),
        (_result("deny"), "deny", 1),
        (_result("deny"), "never", 0),
        (_result("audit"), "warn", 0),
        (_result("audit"), "audit", 1),
        (_result("excepted"), "audit", 0),
        (_result("deny", errors=1), "deny", 4),
        (_result("deny", errors=1, rule="MLG005"), "never", 3),
        (_result(objects=0), "warn", 5),
        (_result(objects=0, errors=1), "warn", 4),
        (_result("warn", objects=0), "warn", 1),
    ],
)
def test_the_first_of_the_exit_codes_that_holds(result: Any, fail_on: str, code: int) -> None:
    assert exit_code(result, fail_on) == code


def test_a_hook_may_have_nothing_to_check() -> None:
    assert exit_code(_result(objects=0), "warn", hook=True) == 0
    assert exit_code(_result(objects=0, errors=1), "warn", hook=True) == 4


def _read(text: str) -> Any:
    from linter.input.documents import read_bodies

    return read_bodies(text)[0]


def test_accelerated_workloads_of_unknown_role_are_counted() -> None:
    unknown = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - name: a
    image: registry.example.com/team/thing:1
    resources: {limits: {nvidia.com/gpu: 1}}
"""
    assert run_text(unknown)["coverage"]["unknown_roles"] == 1
    assert run_text(BAD_JOB)["coverage"]["unknown_roles"] == 0
