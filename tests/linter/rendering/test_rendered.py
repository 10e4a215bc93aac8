"""``mlgate lint --kustomize`` and ``--helm``: whom they ask, and where findings are shown."""

import json
import os
import shutil
from pathlib import Path

import jsonschema
import pytest

import linter
from tests.linter.test_cli import Answer, call

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: train
spec:
  backoffLimit: 2
  activeDeadlineSeconds: 3600
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - {name: train, image: "a:1", command: [torchrun, train.py]}
"""


def lint(*argv: str) -> Answer:
    return call("lint", *argv)


def places_of(answer: Answer) -> list[str]:
    """``file:line builds`` of the findings in JSON."""
    rows = json.loads(answer.out)["findings"]
    return [f"{row['file']}:{row['line']} {','.join(row['builds'])}" for row in rows]


def judge(*argv: str) -> Answer:
    """TRN001 alone, as JSON."""
    return lint(*argv, "--select", "TRN001", "--format", "json")


def plant(file: str, text: str) -> None:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base and two overlays, and programs that say what the real ones would."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    plant("base/job.yaml", JOB)
    plant("base/kustomization.yaml", "resources: [job.yaml]\n")
    for name in ("dev", "prod"):
        plant(
            f"overlays/{name}/kustomization.yaml", f"resources: [../../base]\nnamePrefix: {name}-\n"
        )
        plant(f"overlays/{name}/built", JOB.replace("name: train", f"name: {name}-train"))
    plant("chart/Chart.yaml", "name: trainer\nversion: 1.0.0\n")
    plant("chart/templates/job.yaml", "{{- if true }}\n" + JOB + "{{- end }}\n")
    plant("chart/rendered", "---\n# Source: trainer/templates/job.yaml\n" + JOB)
    stub("kustomize", 'cat "$2/built"')
    stub("helm", 'echo "$@" > said; cat "$2/rendered"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def stub(name: str, script: str) -> None:
    plant(f"bin/{name}", f"#!/bin/sh\n{script}\n")
    Path(f"bin/{name}").chmod(0o755)


def test_a_finding_of_two_builds_is_shown_once_at_its_source() -> None:
    answer = judge("--kustomize", "overlays")
    assert places_of(answer) == ["base/job.yaml:10 overlays/dev,overlays/prod"]
    assert answer.code == 1


def test_each_overlay_is_built_once() -> None:
    stub("kustomize", 'echo "$2" >> said; cat "$2/built"')
    judge("--kustomize", "overlays/dev", "--kustomize", ".", "--kustomize", "overlays/dev/")
    assert Path("said").read_text().split() == ["overlays/dev", "overlays/prod"]


def test_a_chart_is_rendered_with_its_values_and_shown_in_its_template() -> None:
    answer = judge("--helm", "chart", "--values", "a.yaml", "--namespace", "ml")
    assert places_of(answer) == ["chart/templates/job.yaml:11 chart"]
    assert Path("said").read_text() == "template chart --values=a.yaml --namespace=ml\n"


def test_the_json_report_is_that_of_the_schema() -> None:
    schema = json.loads((Path(linter.__file__).parents[1] / "docs/report.schema.json").read_text())
    report = json.loads(lint("--helm", "chart", "--kustomize", ".", "--format", "json").out)
    jsonschema.validate(report, schema)
    keys = list(schema["$defs"]["finding"]["properties"])
    assert all(list(row) == [key for key in keys if key in row] for row in report["findings"])


def test_the_excerpt_is_the_sources_own() -> None:
    answer = lint("--kustomize", "overlays/prod", "--select", "TRN001")
    assert " --> base/job.yaml:10:22\n" in answer.out
    assert "= built by overlays/prod\n" in answer.out
    assert "fixable" not in answer.err


def test_places_in_other_objects_are_led_to_their_sources_too() -> None:
    claim = (
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
        "spec:\n  accessModes: [ReadWriteOnce]\n"
    )
    volume = "      volumes: [{name: a, persistentVolumeClaim: {claimName: data}}]\n"
    server = JOB.replace("batch/v1\nkind: Job", "apps/v1\nkind: Deployment").replace(
        "  backoffLimit: 2\n  activeDeadlineSeconds: 3600\n",
        "  selector: {matchLabels: {app: a}}\n",
    )
    server = server.replace("      restartPolicy: OnFailure\n", volume)
    server = server.replace("template:\n", "template:\n    metadata: {labels: {app: a}}\n")
    server = server.replace("[torchrun, train.py]", "[vllm, serve, llama]")
    plant("base/kustomization.yaml", "resources: [job.yaml, claim.yaml]\n")
    plant("base/job.yaml", server)
    plant("base/claim.yaml", claim)
    plant("overlays/prod/built", f"{claim}---\n{server.replace('name: train', 'name: prod-train')}")
    plant("chart/templates/job.yaml", server)
    plant("chart/templates/claim.yaml", claim)
    head = "---\n# Source: trainer/templates/"
    plant("chart/rendered", f"{head}claim.yaml\n{claim}{head}job.yaml\n{server}")
    flags = ("--kustomize", "overlays/prod", "--helm", "chart", "--select", "STO003")
    rows = json.loads(lint(*flags, "--format", "json").out)["findings"]
    places = [(row["file"], one["file"], one["line"]) for row in rows for one in row["related"]]
    assert ("base/job.yaml", "base/claim.yaml", 5) in places
    assert ("chart/templates/job.yaml", "chart/templates/claim.yaml", 5) in places
    assert {file for _, file, _ in places} <= {"base/claim.yaml", "chart/templates/claim.yaml"}


def test_what_stands_in_no_source_is_shown_as_it_was_built() -> None:
    plant("overlays/prod/built", JOB.replace("OnFailure", "Always"))
    answer = lint("--kustomize", "overlays/prod", "--select", "TRN001")
    assert " --> overlays/prod:10:22 (from base/job.yaml)\n" in answer.out
    assert "restartPolicy: Always\n" in answer.out


def test_a_comment_in_the_source_ignores_what_is_built() -> None:
    plant("base/job.yaml", JOB.replace("OnFailure", "OnFailure  # mlgate: ignore[TRN001] tried"))
    answer = judge("--kustomize", "overlays/prod")
    assert places_of(answer) == []
    assert json.loads(answer.out)["suppressed"] == 1
    assert places_of(judge("--kustomize", "overlays/prod", "--no-ignores"))


def test_named_files_are_judged_beside_the_builds() -> None:
    plant("other.yaml", JOB)
    rows = json.loads(judge("other.yaml", "--kustomize", "overlays/prod").out)["findings"]
    assert [row["file"] for row in rows] == ["base/job.yaml", "other.yaml"]


def test_a_baseline_holds_for_builds() -> None:
    flags = ("--kustomize", "overlays", "--select", "TRN001")
    assert lint(*flags, "--write-baseline", "old.yaml").code == 0
    answer = lint(*flags, "--baseline", "old.yaml")
    assert answer.code == 0
    assert "1 in the baseline" in answer.err
    assert "stale" not in answer.err


@pytest.mark.parametrize(
    ("flags", "program"), [(("--kustomize", "base"), "kubectl"), (("--helm", "chart"), "helm")]
)
def test_a_program_that_is_not_there_is_named(
    flags: tuple[str, ...], program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    answer = lint(*flags)
    assert answer.code == 2
    assert f"needs {program}" in answer.err or f"or {program} on the PATH" in answer.err
    assert "install" in answer.err


def test_a_build_that_fails_is_unread() -> None:
    stub("kustomize", 'echo "no such file: b.yaml" >&2; exit 1')
    answer = judge("--kustomize", "overlays/prod")
    assert answer.code == 4
    (error,) = json.loads(answer.out)["errors"]
    assert error["file"] == "overlays/prod"
    assert error["reason"] == "kustomize build failed: no such file: b.yaml"


def test_a_line_of_kubectls_log_is_the_error_in_it() -> None:
    stub("kustomize", """echo 'E1130 main.go:1] "failed" err="no \\"b.yaml\\" here"' >&2; exit 1""")
    (error,) = json.loads(judge("--kustomize", "overlays/prod").out)["errors"]
    assert error["reason"] == 'kustomize build failed: no "b.yaml" here'


def test_a_build_without_end_is_cut_off() -> None:
    stub("helm", "exec yes")
    answer = judge("--helm", "chart")
    assert answer.code == 4
    (error,) = json.loads(answer.out)["errors"]
    assert error["reason"] == "helm template gave more than 33,554,432 bytes (32 MiB)"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"\377", "not UTF-8: invalid start byte"),
        (r"a: b\n\0", "NUL character: this is no text"),
    ],
)
def test_a_build_that_is_no_text_is_unread(text: str, reason: str) -> None:
    stub("helm", f"printf '{text}'")
    answer = judge("--helm", "chart")
    assert answer.code == 4
    (error,) = json.loads(answer.out)["errors"]
    assert (error["file"], error["reason"]) == ("chart", reason)


@pytest.mark.parametrize(
    ("name", "reason"), [("bin", "no kustomization"), ("no", "no such folder")]
)
def test_a_folder_with_nothing_to_build_is_an_error(name: str, reason: str) -> None:
    answer = judge("--kustomize", name)
    assert answer.code == 4
    assert reason in json.loads(answer.out)["errors"][0]["reason"]


@pytest.mark.parametrize("flag", ["--fix", "--diff", "--staged", "--show-files"])
def test_options_that_are_for_files_are_refused(flag: str) -> None:
    answer = lint("--kustomize", "base", flag)
    assert answer.code == 2
    assert f"--kustomize and {flag} do not go together" in answer.err


def test_values_need_a_chart() -> None:
    assert lint("--values", "a.yaml").code == 2


def test_a_run_over_sources_tells_what_is_built() -> None:
    said = lint(".", "--select", "TRN001").err
    words = "--kustomize overlays/dev --kustomize overlays/prod --helm chart"
    assert f"to check what is built: mlgate lint {words}\n" in said
    assert "to check what is built" not in lint("base", "--select", "TRN001").err


def test_a_stream_of_helm_names_the_template() -> None:
    text = Path("chart/rendered").read_text()
    answer = call("lint", "-", "--select", "TRN001", stdin=text)
    assert " --> -:12:22 (from trainer/templates/job.yaml)\n" in answer.out


REAL = [shutil.which("kubectl"), shutil.which("helm")]


@pytest.mark.skipif(not all(REAL), reason="kubectl and helm build")
def test_the_real_programs_build_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree("bin")
    monkeypatch.setenv("PATH", ":".join(str(Path(one).parent) for one in REAL if one))
    answer = judge("--kustomize", ".", "--helm", "chart")
    assert places_of(answer) == [
        "base/job.yaml:10 overlays/dev,overlays/prod",
        "chart/templates/job.yaml:11 chart",
    ]
