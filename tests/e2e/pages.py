"""Somebody who follows a page of the docs in a real cluster: files are written, commands are given,
and what they print is held against what the page shows.

A file is a block of YAML whose first line is a comment with its path. What the page's last table
names is not run, for the reason that stands there.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path

from tests.e2e.cluster import Cluster
from tests.test_documented_commands import (
    ROOT,
    Block,
    Command,
    is_as_shown,
    list_blocks,
    put_command,
    read_session,
)

PATIENCE = 30.0
"""Seconds for what was changed to be seen by a command that only looks."""

_FILE = re.compile(r"# ([\w./-]+\.yaml)\n")
_ROW = re.compile(r"^\| `([^|]+)` \| ([^|]+) \|$", re.MULTILINE)
_LOOKS = re.compile(r"\bkubectl( -n \S+)? (get|logs|describe)\b|--dry-run=server")


def read_reasons(page: Path) -> dict[str, str]:
    """The commands that are not run (globs), each with the reason."""
    _, _, table = page.read_text().partition("\n## What the tests leave out\n")
    return dict(_ROW.findall(table))


def list_tried(page: Path) -> list[Command]:
    """The commands of a page that are run."""
    consoles = (block for block in list_blocks(page) if block.language == "console")
    commands = [one for block in consoles for one in read_session(page.name, block, "$ ")]
    return [one for one in commands if not is_left_out(one, read_reasons(page))]


def is_left_out(command: Command, names: Collection[str]) -> bool:
    return any(fnmatchcase(command.text, name) for name in names)


class Reader:
    """Somebody in a folder with a copy of ``deploy`` and ``examples``, with a kubeconfig and with
    kubectl, helm and mlgate on the path."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder = folder
        self._cluster = cluster
        tools = folder / ".tools"
        put_command(tools)
        for name in ("kubectl", "helm"):
            (tools / name).symlink_to(cluster.programs / name)
        for name in ("deploy", "examples"):
            shutil.copytree(ROOT / name, folder / name)
        self._environment = {
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "KUBECONFIG": str(cluster.kubeconfig),
        }

    def follow(self, page: Path, last: str = "") -> None:
        """Do what a page says, to the end or to the command ``last``. Raises PageError."""
        left_out = read_reasons(page)
        for block in list_blocks(page):
            self._write(block)
            for command in read_session(page.name, block, "$ "):
                if block.language == "console" and not is_left_out(command, left_out):
                    self.give(command)
                if command.text == last:
                    return

    def give(self, command: Command) -> None:
        """Run a command until it prints what is shown, or once if it changes something."""
        end = time.monotonic() + PATIENCE
        while True:
            done = self.run(command.text)
            printed = "\n".join(line.rstrip() for line in done.stdout.splitlines())
            well = done.returncode == 0 or command.shown
            if well and is_as_shown(command, done.returncode, printed):
                # The API server tells times in whole seconds: what comes next is to be later than
                # what was waited for.
                time.sleep("--for=create" in command.text)
                return
            if not _LOOKS.search(command.text) or time.monotonic() > end:
                raise PageError(f"{command}: $ {command.text}\n{printed}")
            time.sleep(0.2)

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a shell, with all that it prints."""
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", self._outside(text)],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )

    def _write(self, block: Block) -> None:
        named = _FILE.match(block.text)
        if block.language == "yaml" and named:
            (self.folder / named[1]).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / named[1]).write_text(block.text)

    def _outside(self, text: str) -> str:
        """What ``kubectl exec`` would run in mlgate's pod, which takes a kubelet's stream, as the
        account of that pod; any other command as it is."""
        before, _, words = text.partition(" -- ")
        if " exec " not in before:
            return text
        account = self._cluster.service_account_kubeconfig("mlgate-system", "mlgate")
        return f"{words} --namespace mlgate-system --kubeconfig {account}"


class PageError(AssertionError):
    """A command of a page does something else than the page says."""
