"""Whatever stands in an object where a rule reads it, no rule crashes: at admission that object
would be judged by one rule less."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.paths import Path, dig, items
from rules.policy import Policy
from tests.manifests import CASES, TODAY, read_case, read_documents, take_in

EVERYTHING = Policy(
    profile="strict",
    shared={"cluster": {"gang": "kueue", "kueue": True, "default_queue": "training"}},
    values={
        "ORG001": {"per_container": 1, "per_pod": 1, "per_workload": 2, "by_role": {"training": 1}},
        "ORG002": {
            "tolerations": ["nvidia.com/gpu"],
            "node_labels": ["pool=gpu"],
            "runtime_classes": ["nvidia"],
            "priority_classes": ["batch"],
            "schedulers": ["kai-scheduler"],
        },
        "ORG003": {"labels": {"team": "[a-z-]+"}, "annotations": {"owner": ""}},
        "ORG004": {"labels": {"gpu": "enabled"}},
        "ORG006": {"allowed": ["registry.example.org"]},
    },
)
"""With it every rule has something to say."""
NAMES = sorted(f"{one.parent.name}/{one.stem}" for one in CASES.glob("*/good-*.yaml"))
LONG = "9" * 5000
ODD: tuple[Any, ...] = (
    *(None, "", "text", "{{ .Values.x }}", "$(X)", "inf", LONG, "1e999", "\ud800"),
    *(True, 0, -1, 10**30, 1.5, float("nan"), float("inf")),
    *([], {}, ["x"], [None], [{}], [[]], {"a": ["b"]}, {"name": ["x"]}),
    [{"name": ["x"], "value": ["y"], "key": ["z"]}],
)


def read_bodies(name: str) -> list[Any]:
    """The objects of a case."""
    return [document.value for document in read_documents(read_case(CASES / f"{name}.yaml").text)]


def list_places(value: Any, at: Path = ()) -> Iterator[Path]:
    for key, one in items(value):
        yield (*at, key)
        yield from list_places(one, (*at, key))


def find_crashes(bodies: list[Any], number: int, place: Path, value: Any) -> list[str]:
    """What is told of crashes where a value stands at a place of one of some objects."""
    dig(bodies[number], place[:-1])[place[-1]] = copy.deepcopy(value)
    manifests = [Manifest(body) for body in bodies if isinstance(body, dict)]
    engine = Engine(EVERYTHING, Inventory(), TODAY)
    take_in(engine, manifests)
    found = (one for manifest in manifests for one in engine.evaluate(manifest).findings)
    return [one.message for one in found if one.rule == "MLG005"]


@given(st.sampled_from(NAMES), st.sampled_from(ODD), st.randoms(use_true_random=False))
def test_no_rule_crashes_on_odd_values(name: str, value: Any, random: Random) -> None:
    bodies = read_bodies(name)
    number = random.randrange(len(bodies))
    places = [place for place in list_places(bodies[number]) if place[0] not in _NAMING]
    assume(places)
    assert find_crashes(bodies, number, random.choice(places), value) == []


_NAMING = ("apiVersion", "kind")  # without which nothing is an object


_SPEC = ("spec", "template", "spec")
_MAIN = (*_SPEC, "containers", 0)
_LIMITS = (*_MAIN, "resources", "limits")


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("GPU009/bad-deployment-of-a-notebook", (*_LIMITS, "nvidia.com/gpu"), "inf"),
        ("GPU010/bad-statefulset", (*_LIMITS, "google.com/tpu"), float("nan")),
        ("STO006/good-on-disk", (*_LIMITS, "memory"), "-1"),
        ("DST007/bad-cluster", ("spec", "rayVersion"), LONG),
        ("SRV001/bad-by-what-it-asks.fixed", (*_MAIN, "startupProbe", "grpc", "port"), LONG),
        ("GPU005/bad-pytorchjob", ("spec", "nprocPerNode"), LONG),
        ("RES001/good-autopilot", (*_SPEC, "nodeSelector", "cloud.google.com/compute-class"), []),
        ("GPU010/bad-ray-workers", ("spec", "workerGroupSpecs", 0, "numOfHosts"), float("nan")),
        (
            "STO003/good-stateful-set",
            (*_SPEC, "volumes", 0, "persistentVolumeClaim", "claimName"),
            [],
        ),
        ("RES001/good-of-the-pod", ("spec", "restartPolicy"), []),
        ("SRV001/bad-kthena-role", ("spec", "template", "roles", 0, "workerReplicas"), -1),
    ],
)
def test_no_rule_crashes_on_what_one_crashed_on(name: str, place: Path, value: Any) -> None:
    assert find_crashes(read_bodies(name), 0, place, value) == []


def test_a_port_without_a_name_of_a_seldon_node_crashes_nothing() -> None:
    predictor = ("spec", "predictors", 0, "componentSpecs", 0)
    place = (*predictor, "spec", "containers", 0, "ports", 0)
    bodies = read_bodies("SRV004/good-asked-by-the-operator")
    assert find_crashes(bodies, 3, place, {"name": ["x"]}) == []
