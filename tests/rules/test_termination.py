"""Which first processes of containers keep SIGTERM to themselves."""

import pytest

from rules.commands import CommandLine
from rules.kinds.podspec import make_container
from rules.termination import find_deaf_shell


def find(*command: str, **body: object) -> str:
    return find_deaf_shell(CommandLine(make_container({"command": [*command], **body}, ())))


@pytest.mark.parametrize(
    ("command", "shell"),
    [
        (("sh", "-c", "python train.py"), "sh"),
        (("/bin/sh", "-ec", "pip list && python train.py"), "sh"),
        (("ash", "-c", "python train.py"), "ash"),
        (("bash", "-c", "python train.py; echo done"), "bash"),
        (("bash", "-c", "python train.py 2>&1 | tee log"), "bash"),
        (("bash", "-c", "python train.py > log"), "bash"),
        (("bash", "-c", "if true; then python train.py; fi"), "bash"),
        (("bash", "-c", "python train.py &\nwait"), "bash"),
        (("bash", "-euo", "pipefail", "-c", "python train.py; cp /a /b"), "bash"),
        (("bash", "-c", "pip list && python train.py"), ""),
        (("bash", "-lc", "cd /app\npython train.py\n"), ""),
        (("sh", "-c", "pip list && exec python train.py"), ""),
        (("sh", "-c", "trap 'kill $PID' TERM; python train.py & PID=$!; wait"), ""),
        (("sh", "-c", "# exec comes later\npython train.py"), "sh"),
        (("sh", "-c", "exec > /logs/out; python train.py"), "sh"),
        (("tini", "--", "sh", "-c", "python train.py"), ""),
        (("python", "train.py", "-c", "a"), ""),
        (("sh", "train.sh"), ""),
        (("sh", "-c"), ""),
    ],
)
def test_a_shell_around_the_work_is_deaf(command: tuple[str, ...], shell: str) -> None:
    assert find(*command) == shell


def test_a_script_may_stand_in_the_arguments() -> None:
    assert find("sh", "-c", args=["python train.py"]) == "sh"


def test_nobody_knows_what_an_image_runs() -> None:
    assert find(args=["sh", "-c", "python train.py"]) == ""
