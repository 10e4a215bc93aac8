"""Ctrl-C ends a command with 130 and no traceback, at whatever moment of its start it comes."""

import subprocess
import sys
from pathlib import Path

from tests.packages import ROOT

PROGRAM = """
import os, signal, sys
import linter.console

# Whoever starts the tests in the background may have it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["mlgate", "lint", "bad.yaml"]

def interrupt_at(last):
    def count(frame, event, _):
        nonlocal last
        last -= 1
        # The callback of an import's lock is where Python drops what is raised.
        if last <= 0 and (frame.f_code.co_name == "cb") is in_callback:
            sys.setprofile(None)
            os.kill(os.getpid(), 2)
    return count

for last in (5, 300, 1000, 5000):
    for in_callback in (False, True):
        child = os.fork()
        if child == 0:
            sys.setprofile(interrupt_at(last))
            linter.console.start()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_whenever_it_is_interrupted_it_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["130"] * 8
    assert done.stderr == ""
