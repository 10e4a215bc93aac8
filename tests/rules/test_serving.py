"""How long a model server may take to load."""

from typing import Any

import pytest

from rules.commands import CommandLine
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_bare_pod
from rules.serving import estimate_load, read_size

TABLE = {"default": 180, "13B": 300, "40B": 600, "larger": 1200}


def pod(container: dict[str, Any], **known: Any) -> Pod:
    spec = {"containers": [{"name": "main", **container}]}
    return make_bare_pod(("spec",), spec, **known)


@pytest.mark.parametrize(
    ("container", "seconds"),
    [
        ({"image": "vllm/vllm-openai:1"}, 180),
        ({"image": "vllm/vllm-openai:1", "args": ["--model=org/m-8b"]}, 300),
        ({"image": "vllm/vllm-openai:1", "args": ["org/m-32B-it"]}, 600),
        ({"image": "vllm/vllm-openai:1", "args": ["mixtral-8x7b"]}, 1200),
        ({"args": ["--model=hf://org/m"]}, 180),
        ({"env": [{"name": "MODEL_ID", "value": "org/m-70b"}]}, 1200),
        ({"readinessProbe": {"initialDelaySeconds": 60}}, 180),
        ({"resources": {"limits": {"memory": "8Gi"}}}, 180),
        ({"storageUri": "gs://models/x"}, None),
        ({"storageUri": "gs://models/x-70b"}, 1200),
        ({"resources": {"limits": {"memory": "1Gi"}}}, None),
        ({"image": "org/vllm-router:1"}, None),
    ],
)
def test_how_long_a_load_may_take(container: dict[str, Any], seconds: int | None) -> None:
    one = pod(container)
    load = estimate_load(one, CommandLine(one.mains[0]), TABLE, accelerated=False)
    assert (load.seconds if load else None) == seconds


def test_a_load_can_be_stated_and_several_nodes_take_long() -> None:
    said = {"annotations": {"mlgate.dev/model-load-seconds": "900"}}
    one = pod({}, metadata=said)
    load = estimate_load(one, CommandLine(one.mains[0]), TABLE, accelerated=False)
    assert load is not None
    assert load.seconds == 900
    many = pod({}, nodes=2)
    load = estimate_load(many, CommandLine(many.mains[0]), TABLE, accelerated=True)
    assert load is not None
    assert load.seconds == 1200


def test_a_size_that_no_model_has_is_none() -> None:
    assert read_size(CommandLine(pod({"args": ["--port=8000", "5000b"]}).mains[0])) is None


def test_the_reason_is_what_set_the_number_and_says_where_the_policy_does() -> None:
    large = pod({"image": "vllm/vllm-openai:1", "args": ["--model=org/m-70b"]})
    load = estimate_load(large, CommandLine(large.mains[0]), TABLE, accelerated=True)
    assert load is not None
    assert load.reason == ("its model has 70B parameters; policy: serving.slow_load_seconds.larger")
    many = pod({}, nodes=8)
    load = estimate_load(many, CommandLine(many.mains[0]), TABLE, accelerated=True)
    assert load is not None
    assert load.reason.startswith("it loads over 8 nodes; ")
