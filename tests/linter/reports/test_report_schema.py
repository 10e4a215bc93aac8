"""docs/report.schema.json against reports of real runs."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from linter.cli import main
from rules.kinds.roles import Role

ROOT = Path(__file__).parents[3]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/report.schema.json").read_text(encoding="utf-8"))

WORKFLOW = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: train-}
spec:
  entrypoint: main
  templates:
  - name: main
    resource:
      action: create
      manifest: |
        apiVersion: batch/v1
        kind: Job
        metadata: {name: train}
        spec:
          backoffLimit: 9  # mlgate: ignore[TRN002] tried by hand
          template:
            spec:
              restartPolicy: OnFailure
              containers: [{name: train, image: a, command: [python, train.py]}]
"""

OTHERS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, name: b}
---
apiVersion: example.com/v1
kind: Strange
metadata: {name: "\\u202e"}
---
just: data
---
broken: [1, 2
"""


def closed(schema: Any) -> Any:
    """The schema without room for keys that it does not tell of."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: closed(one) for key, one in schema.items()}
    if "required" in schema:
        strict.setdefault("additionalProperties", False)
    return strict


def report(*words: str) -> dict[str, Any]:
    out = io.StringIO()
    main(["lint", "--format", "json", *words], stdout=out, stderr=io.StringIO())
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workflow.yaml").write_text(WORKFLOW)
    (tmp_path / "others.yaml").write_text(OTHERS)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    return tmp_path


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_every_role() -> None:
    assert set(SCHEMA["$defs"]["role"]["enum"]) == {role.value for role in Role}


@pytest.mark.parametrize("roles", [[], ["--show-roles"]])
def test_a_report_is_as_the_schema_says(folder: Path, roles: list[str]) -> None:
    found = report(str(folder), str(ROOT / "examples"), str(folder / "missing.yaml"), *roles)

    jsonschema.validate(found, closed(SCHEMA))
    assert ("workloads" in found) is bool(roles)
    for key in ("findings", "errors", "suppressed", "passed", *(["workloads"] if roles else [])):
        assert found[key], key
    for key in ("pod_templates", "unknown_kinds", "skipped"):
        assert found["coverage"][key], key
    assert any(one["embedded"] for one in found["findings"])
    assert any(one["related"] for one in found["findings"])
    assert any(one["fix"] for one in found["findings"])


SHARED = """\
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: train}
spec:
  runPolicy: {activeDeadlineSeconds: 3600}
  pytorchReplicaSpecs:
    Master: &replica
      restartPolicy: Never
      template:
        spec:
          containers:
          - name: pytorch
            image: registry.example/train:1
            command: [torchrun, train.py, --output-dir, "s3://models/a"]
            resources: {requests: {nvidia.com/gpu: 8}}
    Worker: *replica
kept: *replica
"""


def test_a_report_tells_what_was_fixed_and_what_could_not_be(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(SHARED)
    found = report("--fix", "--select", "TRN002,GPU001", str(tmp_path))

    jsonschema.validate(found, closed(SCHEMA))
    assert [(one["rule"], one["line"]) for one in found["fixed"]] == [("TRN002", 5)]
    assert {one["rule"] for one in found["findings"]} == {"GPU001"}
    refused = [one["fix"]["refused"].partition(": ")[2] for one in found["findings"]]
    assert refused == [
        "&replica is used elsewhere in the document (*replica)",
        "an alias stands here: the edit would change another place",
    ]
    assert "fixed" not in report(str(tmp_path))


def test_keys_stand_in_the_order_of_the_schema(folder: Path) -> None:
    (folder / "baseline.yaml").write_text(
        "apiVersion: mlgate.dev/v1\nkind: Baseline\nfindings: {gone.yaml: [TRN001/batch Job a b]}\n"
    )
    baseline = ("--baseline", str(folder / "baseline.yaml"))
    found = report(str(folder), "--show-roles", "--fix", *baseline)
    jsonschema.validate(found, closed(SCHEMA))

    known = list(SCHEMA["properties"])
    known.remove("unchanged")
    known.remove("cluster")
    assert list(found) == known
    keys = list(SCHEMA["$defs"]["finding"]["properties"])
    assert list(found["findings"][0]) == keys[: keys.index("source")]  # nothing was rendered
    assert list(found["coverage"]) == list(SCHEMA["$defs"]["coverage"]["properties"])
    assert list(found["workloads"][0]) == list(SCHEMA["$defs"]["workload"]["properties"])


def test_a_comment_in_an_embedded_manifest_ignores_its_finding(folder: Path) -> None:
    file = str(folder / "workflow.yaml")
    heard, judged = report(file), report(file, "--no-ignores")

    assert "TRN002" not in {one["rule"] for one in heard["findings"]}
    assert heard["suppressed"] == 1
    (retries,) = (one for one in judged["findings"] if one["rule"] == "TRN002")
    assert (retries["line"], retries["column"]) == (15, 25)
    assert judged["suppressed"] == 0


def test_comments_that_ignore_nothing_are_findings(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    text = WORKFLOW.replace("ignore[TRN002] tried by hand", "ignore[TRN002, STO001]")
    file.write_text(text.replace("kind: Workflow", "kind: Workflow  # mlgate: ignore[*] all"))

    standard = [one for one in report(str(file))["findings"] if one["rule"].startswith("MLG")]
    strict = report(str(file), "--profile", "strict")["findings"]

    assert [(one["rule"], one["line"], one["column"]) for one in standard] == [
        ("MLG003", 2, 17),
        ("MLG003", 15, 28),
    ]
    assert [one["line"] for one in strict if one["rule"] == "MLG004"] == [15]
    quiet = report(str(file), "--profile", "strict", "--no-ignores")["findings"]
    assert not [one for one in quiet if one["rule"] in {"MLG003", "MLG004"}]
