"""Kinds that hold whole objects, as mappings or as texts."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.config_maps import CONFIG_MAP
from rules.kinds.schema import Inner, Kind
from rules.manifest import Manifest

JOB = {"apiVersion": "batch/v1", "kind": "Job"}
TEXT = "apiVersion: v1\nkind: Pod\n"


def read_inner(kind: Kind | None, body: dict[str, Any]) -> list[Inner]:
    assert kind is not None
    return list(kind.inner(kind.view(Manifest(body))))


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ({"components": [{"template": JOB}]}, ("components", 0, "template")),
        (
            {"resources": {"GenericItems": [{"generictemplate": JOB}]}},
            ("resources", "GenericItems", 0, "generictemplate"),
        ),
    ],
)
def test_an_app_wrapper_holds_components(
    spec: dict[str, Any], place: tuple[str | int, ...]
) -> None:
    kind = find_kind("workload.codeflare.dev", "AppWrapper")

    assert read_inner(kind, {"spec": spec}) == [Inner(("spec", *place), queued=True)]


def test_a_manifest_work_holds_manifests() -> None:
    kind = find_kind("work.open-cluster-management.io", "ManifestWork")
    spec = {"workload": {"manifests": [JOB, "no object", JOB]}}

    assert [inner.path[-1] for inner in read_inner(kind, {"spec": spec})] == [0, 2]


def test_a_config_map_holds_texts_of_which_some_are_manifests() -> None:
    data = {"pod.yaml": TEXT, "train.sh": "python train.py", "odd": 3}
    (inner,) = read_inner(CONFIG_MAP, {"data": data})

    assert inner == Inner(("data", "pod.yaml"), assured=False)
    assert read_inner(CONFIG_MAP, {"data": TEXT}) == []


def test_no_config_map_is_judged_in_a_cluster() -> None:
    assert find_kind("", "ConfigMap") is None
