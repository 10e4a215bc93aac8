"""The fields of Kubernetes' own types: those that the Python client declares."""

import re

import pytest
from kubernetes.client import models

from rules.kinds import field_types
from rules.kinds.field_types import find_untyped, has_shape, shape_of, spec_type_of

TYPES = field_types._read_types()
_SHAPES = {"int": "number", "str": "text", "bool": "flag", "object": "any", "datetime": "text"}
_ONLY_IN_AUTOSCALING_V1 = {"targetCPUUtilizationPercentage": "number"}


def declared(name: str) -> dict[str, str]:
    """The fields of a type as the client declares them, with the shape of each."""
    later = name.startswith("H") and name != "HTTPGetAction"
    first, second = ("V2", "V1") if later or name.startswith("Cross") else ("V1", "V2")
    model = getattr(models, first + name, None) or getattr(models, second + name)
    names = {field: model.openapi_types[own] for own, field in model.attribute_map.items()}
    return {field: shape(kind) for field, kind in names.items()}


def shape(kind: str) -> str:
    if re.fullmatch(r"List\[.+\]", kind):
        return "list"
    return _SHAPES.get(kind, "mapping")


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_the_fields_that_the_api_declares(name: str) -> None:
    own = dict(TYPES[name].shapes)
    if name == "HorizontalPodAutoscalerSpec":
        own = {key: value for key, value in own.items() if key not in _ONLY_IN_AUTOSCALING_V1}
    assert own == declared(name)


def test_every_type_that_one_leads_to_is_there() -> None:
    led = {inner for one in TYPES.values() for inner in one.inner.values()}
    assert led <= set(TYPES.values())


def test_keys_that_no_type_has_are_found_in_depth_and_in_lists() -> None:
    spec = {"template": {"spec": {"containers": [{"name": "a"}, {"imagee": "b"}, "no mapping"]}}}
    found = list(find_untyped("JobSpec", spec, ("spec",)))
    assert [(one.parent, one.key) for one in found] == [
        (("spec", "template", "spec", "containers", 1), "imagee")
    ]


def test_what_is_no_mapping_has_no_keys() -> None:
    assert list(find_untyped("JobSpec", [[{"a": 1}], 3, None], ())) == []
    assert list(find_untyped("JobSpec", "text", ())) == []


@pytest.mark.parametrize(
    ("value", "shape"),
    [("a", "text"), (1, "number"), (True, "flag"), ([], "list"), ({}, "mapping")],
)
def test_a_value_is_of_one_shape(value: object, shape: str) -> None:
    assert shape_of(value) == shape
    assert has_shape(value, shape)
    assert not has_shape(value, "any")


def test_kinds_of_operators_have_no_type_of_kubernetes_own() -> None:
    assert spec_type_of("batch", "Job") == "JobSpec"
    assert spec_type_of("batch.volcano.sh", "Job") is None
