"""Whatever stands in an object, no reader of any kind fails on it.

The object grows where a reader looks: what a key holds is drawn when it is first asked for. So
readers reach their deepest places, and find there what does not belong.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.kinds import BUILT_IN
from rules.kinds.lookups import Answer, Reference
from rules.kinds.schema import Kind
from rules.manifest import Manifest

ODD = (
    None,
    "",
    "text",
    "{{ x }}",
    "Never",
    "InPlaceRestart",
    "RestartJob",
    "node",
    True,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
)
LISTS = frozenset(
    {
        "args", "artifacts", "baseRefs", "command", "componentSpecs", "containers", "env",
        "imagePullSecrets", "initContainers", "metrics", "mutexes", "parameters", "policies",
        "podSpecOverrides", "podTemplateOverrides", "predictors", "replicatedJobs",
        "runtimePatches", "schedules", "sidecars", "steps", "targetJobs", "tasks", "templates",
        "tolerations", "triggers", "volumeClaimPolicies", "volumeClaimTemplates", "volumeMounts",
        "volumes", "workerGroupSpecs",
    }
)  # fmt: skip
DEEPEST = 16
MEMBERS = ("Master", "launcher", "worker", "dataset", "model", "pytorch", "nvidia.com/gpu")


class Growing(dict[str, Any]):
    """A mapping that draws a value for each key when a reader first asks for it."""

    def __init__(self, random: Random, depth: int = 0) -> None:
        super().__init__()
        self._random = random
        self._depth = depth
        self._asked: set[str] = set()

    def _grow(self, key: Any) -> None:
        if not isinstance(key, str) or key in self._asked:
            return
        self._asked.add(key)
        if self._random.random() < 0.9:
            super().__setitem__(key, draw_value(self._random, key, self._depth + 1))

    def __getitem__(self, key: str) -> Any:
        self._grow(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._grow(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._grow(key)
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        for key in self._random.sample(MEMBERS, 2):
            self._grow(key)
        return super().__iter__()

    def keys(self) -> Any:
        return dict.fromkeys(self).keys()

    def items(self) -> Any:
        return [(key, self[key]) for key in list(self)]

    def values(self) -> Any:
        return [self[key] for key in list(self)]

    def __bool__(self) -> bool:
        return True


def draw_value(random: Random, key: str, depth: int = 0) -> Any:
    """Mostly what has the right shape, so that readers go on; else anything."""
    choice = random.random()
    if depth > DEEPEST or choice < 0.1:
        return random.choice(ODD)
    if (key in LISTS) == (choice < 0.9):
        return [draw_item(random, depth) for _ in range(2)]
    return Growing(random, depth)


def draw_item(random: Random, depth: int) -> Any:
    return Growing(random, depth) if random.random() < 0.75 else random.choice(ODD)


def read_all(kind: Kind, body: Any, random: Random, *, admitted: bool) -> None:
    """Every reader of a kind, each value that it yields taken up."""
    manifest = Manifest(body, admitted=admitted)

    def ask(_reference: Reference, _fact: str) -> tuple[Answer, Any]:
        answer = random.choice(tuple(Answer))
        return answer, draw_value(random, "spec") if answer is Answer.FOUND else None

    pods = list(kind.pods(kind.view(manifest), ask))
    list(kind.retries(kind.view(manifest)))
    kind.deadlines(kind.view(manifest), pods)
    kind.schedule(manifest)
    list(kind.autoscalers(kind.view(manifest)))
    list(kind.inner(kind.view(manifest)))
    kind.read_facts(manifest)
    kind.weights(kind.view(manifest))


@pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: f"{kind.group}/{kind.name}")
@settings(max_examples=60, deadline=None)
@given(random=st.randoms(use_true_random=True), admitted=st.booleans())
def test_no_reader_fails(kind: Kind, random: Random, admitted: bool) -> None:  # noqa: FBT001
    body = Growing(random)
    version = random.choice(("v1", "v1alpha1", "v2beta1"))
    body["apiVersion"], body["kind"] = f"{kind.group}/{version}", kind.name

    read_all(kind, body, random, admitted=admitted)


@pytest.mark.parametrize("spec", ODD, ids=repr)
def test_no_reader_fails_without_a_spec(spec: Any) -> None:
    for kind in BUILT_IN:
        read_all(kind, {"spec": spec}, Random(0), admitted=False)  # noqa: S311
