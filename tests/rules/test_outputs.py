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
    read_outputs,
)

NAMING = Naming(OUTPUT_FLAG, INPUT_FLAG, OUTPUT_ENV)


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
