"""What a patch makes of an object, and where in the patch that was written."""

from typing import Any

import pytest

from rules.patches import lay_over
from rules.paths import Path

JOB: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "train", "namespace": "ml", "labels": {"a": "b"}},
    "spec": {
        "backoffLimit": 2,
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [
                    {"name": "proxy", "image": "proxy"},
                    {"name": "train", "image": "train", "command": ["python", "train.py"]},
                ],
            }
        },
    },
}
SPEC: Path = ("spec", "template", "spec")


def test_a_merge_keeps_the_object_s_name() -> None:
    patched = lay_over(JOB, {"kind": "Any", "metadata": {"name": "any", "labels": {"c": "d"}}})
    assert patched.body["kind"] == "Job"
    assert patched.body["metadata"] == {
        "name": "train",
        "namespace": "ml",
        "labels": {"a": "b", "c": "d"},
    }
    assert JOB["metadata"]["labels"] == {"a": "b"}


def test_what_a_merge_wrote_is_found_in_it() -> None:
    patch = {
        "spec": {
            "backoffLimit": 9,
            "template": {"spec": {"containers": [{"name": "train", "env": [{"name": "A"}]}]}},
        }
    }
    patched = lay_over(JOB, patch)
    assert patched.body["spec"]["backoffLimit"] == 9
    containers = patched.body["spec"]["template"]["spec"]["containers"]
    assert [one["name"] for one in containers] == ["train", "proxy"]
    assert containers[0]["command"] == ["python", "train.py"]
    assert patched.find(("spec", "backoffLimit")) == ("spec", "backoffLimit")
    assert patched.find((*SPEC, "restartPolicy")) is None
    assert patched.find((*SPEC, "containers", 0, "env", 0, "name")) is not None
    assert patched.find((*SPEC, "containers", 0, "image")) is None
    assert patched.find((*SPEC, "containers", 1, "name")) is None


def test_operations_are_carried_out_and_found() -> None:
    operations = [
        {"op": "replace", "path": "/spec/backoffLimit", "value": 9},
        {"op": "add", "path": "/spec/template/spec/containers/1/env", "value": [{"name": "A"}]},
        {"op": "add", "path": "/spec/template/spec/containers/1/env/-", "value": {"name": "B"}},
        {"op": "remove", "path": "/spec/template/spec/containers/0/image"},
        {"op": "add", "path": "/metadata/annotations/a~1b", "value": "made room for"},
        {"op": "add", "path": "/spec/template/spec/volumes/3", "value": "does not fit"},
        {"op": "replace", "path": "/spec/activeDeadlineSeconds", "value": 60},
        {"op": "test", "path": "/spec/backoffLimit", "value": 9},
        {"op": "add", "path": "/spec/backoffLimit"},
        "no operation",
    ]
    patched = lay_over(JOB, operations)
    spec = patched.body["spec"]["template"]["spec"]
    assert spec["containers"][1]["env"] == [{"name": "A"}, {"name": "B"}]
    assert "image" not in spec["containers"][0]
    assert patched.body["metadata"]["annotations"] == {"a/b": "made room for"}
    assert "volumes" not in spec
    assert patched.find(("spec", "activeDeadlineSeconds")) == (6, "value")
    assert patched.find(("spec", "backoffLimit")) == (0, "value")
    env: Path = (*SPEC, "containers", 1, "env")
    assert patched.find((*env, 0, "name")) == (1, "value", 0, "name")
    assert patched.find((*env, 1, "name")) == (2, "value", "name")
    assert patched.find(("metadata", "annotations", "a/b")) == (4, "value")
    assert patched.find((*SPEC, "restartPolicy")) is None


def test_the_last_operation_on_a_place_is_the_one_that_counts() -> None:
    operations = [
        {"op": "replace", "path": "/spec/backoffLimit", "value": value} for value in (9, 1)
    ]
    assert lay_over(JOB, operations).find(("spec", "backoffLimit")) == (1, "value")


@pytest.mark.parametrize(
    "patch", [[], [{"op": "replace", "path": "", "value": 1}], [{"op": "add", "path": 1}], 3]
)
def test_what_is_no_patch_changes_nothing(patch: Any) -> None:
    patched = lay_over(JOB, patch)
    assert patched.body == JOB
    assert patched.find(("spec", "backoffLimit")) is None
