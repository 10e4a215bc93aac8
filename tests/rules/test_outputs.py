"""Where training writes, and what becomes of it."""

from typing import Any

import pytest

from rules.commands import CommandLine
from rules.kinds.podspec import make_bare_pod
from rules.outputs import (
    INPUT_FLAG,
    OUTPUT_ENV,
    OUTPUT_FLAG,
    Naming,
    find_store,
    find_tracker,
    read_outputs,
)

NAMING = Naming(OUTPUT_FLAG, INPUT_FLAG, OUTPUT_ENV)
SCHEMES = frozenset({"s3", "gs"})


def command(body: dict[str, Any]) -> CommandLine:
    spec = {"containers": [{"name": "main", **body}]}
    return CommandLine(make_bare_pod(("spec",), spec).mains[0])


def outputs(body: dict[str, Any]) -> list[str]:
    return [one.target for one in read_outputs(command(body), NAMING)]


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


def test_stores_and_trackers() -> None:
    assert find_store(["--data x", "GS://b/c"], SCHEMES) == "GS://"
    assert find_store(["http://x"], SCHEMES) is None
    assert find_store(["http://x https://s3://b", "x=gs://b"], SCHEMES) == "s3://"
    assert find_store(["://", "s3:/", "-s3:// "], SCHEMES) == "s3://"
    assert find_store(["a" * 40 + "s3://b", "1s4://b"], SCHEMES) is None
    tracked = command({"env": [{"name": "MLFLOW_TRACKING_URI", "value": "http://m"}]})
    assert find_tracker(tracked) == "MLFLOW_TRACKING_URI"
    half = [{"name": "WANDB_PROJECT", "value": "p"}]
    assert find_tracker(command({"env": half})) is None
    both = [*half, {"name": "WANDB_LOG_MODEL", "value": "end"}]
    assert find_tracker(command({"env": both})) == "WANDB_LOG_MODEL"
