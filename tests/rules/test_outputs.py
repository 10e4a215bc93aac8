"""Where training writes, and what becomes of it."""

from typing import Any

import pytest

from rules.kinds.podspec import make_bare_pod
from rules.outputs import (
    INPUT_FLAG,
    OUTPUT_ENV,
    OUTPUT_FLAG,
    Keeping,
    Naming,
    Storage,
    find_store,
    find_tracker,
    read_outputs,
)
from rules.serving import estimate_load, read_budget, read_size

NAMING = Naming(OUTPUT_FLAG, INPUT_FLAG, OUTPUT_ENV)
SCHEMES = frozenset({"s3", "gs"})
VOLUMES = [
    {"name": "claim", "persistentVolumeClaim": {"claimName": "models"}},
    {"name": "locked", "persistentVolumeClaim": {"claimName": "models", "readOnly": True}},
    {"name": "scratch", "emptyDir": {}},
    {"name": "node", "hostPath": {"path": "/data"}},
    {"name": "settings", "configMap": {"name": "x"}},
    {"name": "bare"},
    {"name": "odd", "somethingNew": {}},
    {"name": "lent", "ephemeral": {"volumeClaimTemplate": {}}},
]


def pod(container: dict[str, Any], **known: Any) -> Any:
    spec = {"containers": [{"name": "main", **container}], "volumes": VOLUMES}
    return make_bare_pod(("spec",), spec, **known)


def outputs(container: dict[str, Any]) -> list[str]:
    return [one.target for one in read_outputs(pod(container).mains[0], NAMING)]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--output_dir", "/out"], ["/out"]),
        (["--output-dir=/out"], ["/out"]),
        (["trainer.output_dir=/out"], ["/out"]),
        (["python t.py --ckpt_dir '/a b'"], ["/a b"]),
        (["cd /work && python t.py --output ./ckpt/1"], ["/work/./ckpt/1"]),
        (["output_dir: /out"], ["/out"]),
        (["--checkpoint_freq", "/100"], []),
        (["--resume_from_checkpoint", "/in"], []),
        (["--output", "yes"], []),
        (["--model_path", "org/model"], []),
        (["--output_dir"], []),
        (["--output_dir", "--verbose"], []),
    ],
)
def test_outputs_in_arguments(arguments: list[str], found: list[str]) -> None:
    assert outputs({"args": arguments}) == found


def test_outputs_in_the_environment() -> None:
    env = [{"name": "OUTPUT_DIR", "value": "/out"}, {"name": "MODE", "value": "/x"}]
    assert outputs({"env": env}) == ["/out"]
    assert outputs({"args": ["--output_dir=$OUTPUT_DIR"], "env": env}) == ["/out", "/out"]
    assert outputs({"args": ["--output_dir=${OTHER}"], "env": "no list"}) == ["${OTHER}"]


def place(target: str, mount: str = "", **more: Any) -> Keeping:
    mounts = [{"name": mount, "mountPath": "/out"}] if mount else []
    known = more.pop("known", {})
    one = pod({"args": ["--output_dir", target], "volumeMounts": mounts, **more}, **known)
    [output] = read_outputs(one.mains[0], NAMING)
    [found] = Storage(one, SCHEMES).locate([output], one.mains[0])
    return found.keeping


@pytest.mark.parametrize(
    ("target", "mount", "keeping"),
    [
        ("s3://bucket/x", "", "durable"),
        ("ftp://host/x", "", "unknown"),
        ("$OUT", "", "unknown"),
        ("/out/run", "claim", "durable"),
        ("/out", "locked", "read-only"),
        ("/out", "scratch", "ephemeral"),
        ("/out", "node", "weak"),
        ("/out", "settings", "read-only"),
        ("/out", "bare", "ephemeral"),
        ("/out", "odd", "unknown"),
        ("/out", "lent", "ephemeral"),
        ("/out", "nowhere", "ephemeral"),
        ("/outside", "claim", "ephemeral"),
        ("./rel/x", "claim", "ephemeral"),
    ],
)
def test_places(target: str, mount: str, keeping: str) -> None:
    assert place(target, mount) == keeping


def test_a_relative_path_starts_in_the_working_directory() -> None:
    assert place("./run/x", "claim", workingDir="/out") == "durable"
    assert place("~/run", "claim", workingDir="/out") == "ephemeral"


def test_the_innermost_mount_counts() -> None:
    mounts = [("scratch", "/out"), ("claim", "/out/run/"), ("node", "/out/run/1")]
    container = {"volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts]}
    targets = ("/out/run/model", "/out/running", "/out/run", "/out/run/1/x", "/other")
    one = pod({"args": [f"--output_dir={target}" for target in targets], **container})
    places = Storage(one, SCHEMES).locate(read_outputs(one.mains[0], NAMING), one.mains[0])
    keepings = ["durable", "ephemeral", "durable", "weak", "ephemeral"]
    assert [found.keeping for found in places] == keepings


@pytest.mark.parametrize(
    ("target", "artifact", "keeping"),
    [
        ("/out/model", "/out", "durable"),
        ("/out", "/out/", "durable"),
        ("/out", "/out/model", "durable"),
        ("/out", "/outside", "ephemeral"),
        ("/outside", "/out", "ephemeral"),
        ("/", "/out", "durable"),
        ("/out", "/", "durable"),
    ],
)
def test_an_artifact_keeps_what_is_in_it_or_holds_it(
    target: str, artifact: str, keeping: str
) -> None:
    assert place(target, known={"artifacts": ("/a", artifact, "/z")}) == keeping


def test_artifacts_are_kept_and_other_objects_may_decide() -> None:
    assert place("/out/model", known={"artifacts": ("/out",)}) == "durable"
    assert place("/out/model", known={"outputs_known": False}) == "unknown"
    assert place("/out", "nowhere", known={"complete": False}) == "unknown"


def test_stores_and_trackers() -> None:
    assert find_store(["--data x", "GS://b/c"], SCHEMES) == "GS://"
    assert find_store(["http://x"], SCHEMES) is None
    assert find_store(["http://x https://s3://b", "x=gs://b"], SCHEMES) == "s3://"
    assert find_store(["://", "s3:/", "-s3:// "], SCHEMES) == "s3://"
    assert find_store(["a" * 40 + "s3://b", "1s4://b"], SCHEMES) is None
    tracked = pod({"env": [{"name": "MLFLOW_TRACKING_URI", "value": "http://m"}]}).mains[0]
    assert find_tracker(tracked) == "MLFLOW_TRACKING_URI"
    half = [{"name": "WANDB_PROJECT", "value": "p"}]
    assert find_tracker(pod({"env": half}).mains[0]) is None
    both = [*half, {"name": "WANDB_LOG_MODEL", "value": "end"}]
    assert find_tracker(pod({"env": both}).mains[0]) == "WANDB_LOG_MODEL"


TABLE = {"default": 180, "13B": 300, "40B": 600, "larger": 1200}


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
        ({"storageUri": "gs://models/x"}, 180),
        ({"resources": {"limits": {"memory": "1Gi"}}}, None),
        ({"image": "org/vllm-router:1"}, None),
    ],
)
def test_how_long_a_load_may_take(container: dict[str, Any], seconds: int | None) -> None:
    one = pod(container)
    load = estimate_load(one, one.mains[0], TABLE, accelerated=False)
    assert (load.seconds if load else None) == seconds


def test_a_load_can_be_stated_and_several_nodes_take_long() -> None:
    said = {"annotations": {"mlgate.dev/model-load-seconds": "900"}}
    one = pod({}, metadata=said)
    load = estimate_load(one, one.mains[0], TABLE, accelerated=False)
    assert load is not None
    assert load.seconds == 900
    many = pod({}, nodes=2)
    load = estimate_load(many, many.mains[0], TABLE, accelerated=True)
    assert load is not None
    assert load.seconds == 1200


def test_budgets() -> None:
    budget = read_budget({})
    assert budget is not None
    assert budget.seconds == 30
    assert read_budget({"periodSeconds": "$X"}) is None
    assert read_size(pod({"args": ["--port=8000", "5000b"]}).mains[0]) is None
