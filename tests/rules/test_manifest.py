"""How a value came to be in an admitted object, and small values."""

from typing import Any

import pytest

from rules.accelerators import Accelerators
from rules.manifest import Manifest, is_template
from rules.model import Presence
from rules.quantity import parse_quantity
from tests.growth import measure_growth

LIMIT = ("spec", "backoffLimit")
IMAGE = ("spec", "containers", 0, "imagePullPolicy")


def job(limit: Any, **metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"backoffLimit": limit}}


def fields(operation: str, owned: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"operation": operation, "fieldsV1": owned}]


@pytest.mark.parametrize(
    ("body", "applied", "presence"),
    [
        (job(2), None, Presence.WRITTEN),
        (job(6), None, Presence.DEFAULTED),
        (job(6), {"spec": {"backoffLimit": 6}}, Presence.WRITTEN),
        (job(6), {"spec": {}}, Presence.ABSENT),
        (job(6), {"spec": {"backoffLimit": None}}, Presence.ABSENT),
        (job(None), None, Presence.ABSENT),
        (job(""), None, Presence.ABSENT),
        (job("{{x}}"), None, Presence.UNKNOWN),
        (
            job(6, managedFields=fields("Apply", {"f:spec": {"f:backoffLimit": {}}})),
            None,
            Presence.WRITTEN,
        ),
        (job(6, managedFields=fields("Apply", {"f:spec": {}})), None, Presence.ABSENT),
        (
            job(6, managedFields=fields("Update", {"f:spec": {"f:backoffLimit": {}}})),
            None,
            Presence.DEFAULTED,
        ),
        (job(6, managedFields="no list"), None, Presence.DEFAULTED),
        (job(6, managedFields=fields("Apply", {"f:spec": "x"})), None, Presence.ABSENT),
    ],
)
def test_presence_in_an_admitted_object(
    body: dict[str, Any], applied: Any, presence: Presence
) -> None:
    manifest = Manifest(body, admitted=True, last_applied=applied)
    assert manifest.value(LIMIT, 6).presence is presence


@pytest.mark.parametrize(("name", "presence"), [("a", "written"), ("b", "absent")])
def test_items_of_a_list_are_owned_by_their_name(name: str, presence: str) -> None:
    item: dict[str, Any] = {'k:{"name":"a"}': {"f:imagePullPolicy": {}}}
    owned: dict[str, Any] = {"f:spec": {"f:containers": item}}
    body = {
        "metadata": {"managedFields": fields("Apply", owned)},
        "spec": {"containers": [{"name": name, "imagePullPolicy": "Always"}]},
    }
    assert Manifest(body, admitted=True).value(IMAGE, "Always").presence == presence


def test_in_a_file_what_stands_there_is_written() -> None:
    assert Manifest(job(6)).value(LIMIT, 6).written
    assert Manifest({}).value(LIMIT, 6).value == 6


def test_identity_reads_text_alone() -> None:
    assert Manifest({"metadata": {"name": 1, "namespace": ["x"]}}).identity[2:] == (None, None)
    assert Manifest({"metadata": {"generateName": "run-"}}).identity.name == "run-"


def test_the_controller_among_the_owners() -> None:
    owners = [{"kind": "A"}, {"kind": "B", "controller": True}]
    assert Manifest({"metadata": {"ownerReferences": owners}}).controller == owners[1]
    assert Manifest({"metadata": {"ownerReferences": "x"}}).controller is None


@pytest.mark.parametrize("text", ["{{ x }}", "$X", "${X}", "$(X)", "<X>", "<<X>>", "a-$X-b"])
def test_templates(text: str) -> None:
    assert is_template(text)


@pytest.mark.parametrize("text", ["x", "a < b", "5$", 3, None, "<-"])
def test_no_templates(text: Any) -> None:
    assert not is_template(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500m", 0.5),
        ("16Gi", 16 * 2**30),
        (2, 2),
        ("1k", 1000),
        ("1e3", 1000),
        (True, None),
        ("x", None),
        (None, None),
        ("1Xi", None),
        ([], None),
        ("inf", None),
        ("nan", None),
        ("1_000", None),
        ("1e999", None),
        (10**400, None),
        (float("inf"), None),
    ],
)
def test_quantities(text: Any, number: float | None) -> None:
    assert parse_quantity(text) == number


def test_a_long_quantity_takes_time_in_proportion() -> None:
    def parse(count: int) -> None:
        assert parse_quantity(f"{'0' * count}x") is None

    assert measure_growth(parse, 10_000, 8) < 20


def test_accelerators_less_companions_and_near_misses() -> None:
    known = Accelerators(("nvidia.com/gpu*",), ("nvidia.com/gpumem*",))
    names = ["nvidia.com/gpu", "nvidia.com/gpumem", "nvidia.com/gpus", "gpu", "cpu"]
    assert [name for name in names if known.match(name)] == ["nvidia.com/gpu"]
    asked = known.asked({"limits": {"nvidia.com/gpu": 2, "nvidia.com/gpu-a": 0}}, "limits")
    assert list(asked) == [("nvidia.com/gpu", 2)]
    assert list(known.asked({"limits": "x"}, "limits")) == []
