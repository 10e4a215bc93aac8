"""What holds for any input: no error, one answer, evidence, and time in proportion to the text."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.commands.scripts import clean, fold
from rules.kinds import BUILT_IN, find_kind
from rules.kinds.podspec import make_bare_pod
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.roles import Judgement, classify_pod
from rules.roles.texts import read_text
from tests.growth import measure_growth

WORDS = st.sampled_from(
    [
        *"python train.py -m vllm serve echo sleep infinity torchrun --epochs 3 ; &&".split(),
        *"$X {{y}} wget model busybox pytorch/pytorch vllm/vllm-openai training --".split(),
        *("\n", " ", "'", '"', "(", ")", "#", "<", ">", "\\", "\u00e9", "\ud800"),
    ]
)
TEXT = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=12).map(" ".join))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ("name", "image", "command", "args", "source", "env", "ports", "readinessProbe")
CONTAINER = st.fixed_dictionaries(
    {}, optional={field: st.one_of(JSON, st.lists(TEXT, max_size=6), TEXT) for field in FIELDS}
)
METADATA = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("name", "namespace", "labels", "annotations"), JSON)
    ),
)
SCORED = [kind for kind in BUILT_IN if kind.role is None]


def judge(
    kind: Kind, containers: Any, metadata: Any, *, gpu: bool = False, cron: bool = False
) -> Judgement:
    pod = make_bare_pod(
        ("spec",),
        {"containers": containers},
        metadata=metadata if isinstance(metadata, dict) else {},
    )
    manifest = Manifest({"metadata": metadata, "spec": {}})
    return classify_pod(kind, manifest, pod, accelerated=gpu, scheduled=cron)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(BUILT_IN),
    st.one_of(JSON, st.lists(st.one_of(CONTAINER, JSON), max_size=3)),
    METADATA,
    st.booleans(),
    st.booleans(),
)
def test_any_json_has_one_role_with_evidence(
    kind: Kind,
    containers: Any,
    metadata: Any,
    gpu: bool,  # noqa: FBT001 - drawn by hypothesis
    cron: bool,  # noqa: FBT001
) -> None:
    found = judge(kind, containers, metadata, gpu=gpu, cron=cron)
    assert found == judge(kind, containers, metadata, gpu=gpu, cron=cron)
    assert found.role in set(Role)
    assert found.evidence or found.role is Role.OTHER
    assert found.score >= 0
    assert found.margin >= 0
    assert gpu or found.role is not Role.UNKNOWN_ML


@given(st.lists(WORDS, max_size=20).map(" ".join))
def test_reading_is_the_same_every_time(text: str) -> None:
    assert read_text(fold(clean(text))) == read_text(fold(clean(text)))


@pytest.mark.parametrize(
    "unit",
    [
        "echo '",
        'echo "',
        "{{",
        "${",
        "$(",
        "<a ",
        "<<x",
        "\n#",
        "print(",
        "pip install ",
        "a.",
        "-m ",
        "while true; do ",
        "sleep ",
        "x = os.",
        "train.py ",
        "\\\n",
        "curl -o model ",
        "echo 'a\" ",
    ],
)
def test_a_hostile_script_takes_no_longer_than_its_length(unit: str) -> None:
    kind = find_kind("batch", "Job")
    assert kind is not None

    def read(length: int) -> None:
        script = unit * (length // len(unit))
        body = [{"name": "x", "image": unit * 1000, "command": ["sh", "-c", script]}]
        judge(kind, body, {"name": unit * 1000})

    assert measure_growth(read, 50_000, 16) < 48


def test_the_end_of_a_long_script_is_read_too() -> None:
    kind = find_kind("batch", "Job")
    assert kind is not None
    script = "export A=1\n" * 50_000 + "python train.py --epochs 3"
    found = judge(kind, [{"name": "x", "image": "team/x", "command": ["sh", "-c", script]}], {})
    assert found.role is Role.TRAINING
