"""Manifests inside other objects: found at their place, and denied only where they are made."""

import pytest

from linter.row_types import FindingRow
from tests.linter.judging.test_run import run_text

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: train}
spec:
  containers:
  - name: base
    image: registry.example/train:1
    command: [python, train.py]
    resources: {requests: {nvidia.com/gpu: 1}}
"""


def indent(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def find(text: str, rule: str) -> FindingRow:
    (row,) = (row for row in run_text(text)["findings"] if row["rule"] == rule)
    return row


def test_a_manifest_in_a_config_map_is_warned_of() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: templates}\n"
        f"data:\n  train.yaml: |\n{indent(POD, 4)}"
    )
    row = find(text, "GPU001")

    assert (row["action"], row["line"]) == ("warn", 14)
    assert row["path"] == ("data", "train.yaml")
    assert row["embedded"] is not None
    assert row["embedded"]["kind"] == "Pod"
    assert run_text(text)["coverage"]["pod_templates"] == {"Pod": 1}


def test_a_text_whose_role_is_in_doubt_is_only_audited() -> None:
    """Its kind alone says that it trains."""
    job = (
        "apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\nmetadata: {name: run}\nspec:\n"
        "  mpiReplicaSpecs:\n    Launcher:\n      template:\n        spec:\n"
        "          containers: [{name: main, image: 'registry.example/run:1', command: [mpirun]}]\n"
    )
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: templates}\n"
        f"data:\n  run.yaml: |\n{indent(job, 4)}"
    )
    alone = {row["rule"]: row["action"] for row in run_text(job)["findings"]}
    inside = {row["rule"]: row["action"] for row in run_text(text)["findings"]}

    assert alone["TRN003"] == "warn"
    assert inside["TRN003"] == "audit"


def test_text_that_is_no_manifest_says_nothing() -> None:
    broken = "apiVersion: v1\nkind: {{ .Kind }}\n- a\n"
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: templates}\n"
        f"data:\n  train.yaml: |\n{indent(broken, 4)}"
    )
    result = run_text(text)

    assert (result["findings"], result["errors"]) == ([], [])
    assert result["coverage"]["unknown_kinds"] == {}


@pytest.mark.parametrize("source", ["source: ", "sources:\n  - "])
def test_objects_in_the_values_of_a_chart_are_told(source: str) -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: chat}\nspec:\n"
        f"  {source}{{chart: chat, helm: {{valuesObject: {{extra: [{{apiVersion: batch/v1, "
        "kind: Job, spec: {}}, {a: b}]}}}\n"
    )
    result = run_text(text)

    assert result["findings"] == []
    assert [row["reason"] for row in result["coverage"]["skipped"]] == [
        "in the values of a chart: Job"
    ]


def test_a_component_of_an_app_wrapper_is_denied() -> None:
    text = (
        "apiVersion: workload.codeflare.dev/v1beta2\nkind: AppWrapper\nmetadata: {name: aw}\n"
        f"spec:\n  components:\n  - template:\n{indent(POD, 6)}"
    )
    row = find(text, "GPU001")

    assert (row["action"], row["line"]) == ("deny", 15)
    assert row["path"][:4] == ("spec", "components", 0, "template")
    assert row["object"]["kind"] == "AppWrapper"
