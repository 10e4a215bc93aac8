"""What is shipped for CI systems and editors: its scripts run, its actions are pinned."""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple

import pytest
import yaml

from linter.commands.first_files import CHECKOUT, SETUP_PYTHON
from tests.linter.test_cli import call

ROOT = Path(__file__).parent.parent
SOURCE = "git+https://git.example.com/mlgate@0123abc"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())

PYTHON = """\
#!/bin/sh
# In the place of `python3 -m venv FOLDER`: a pip that notes what it is asked for, and mlgate.
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" >>"%s/installed"\\n' "$(dirname "$0")" >"$3/bin/pip"
printf '#!/bin/sh\\nexec "{python}" -m linter "$@"\\n' >"$3/bin/mlgate"
chmod +x "$3/bin/pip" "$3/bin/mlgate"
"""


class Step(NamedTuple):
    """Where a step of CI runs: a repository with the bad examples, and a machine of its own."""

    repository: Path
    machine: Path

    def run(self, script: str, *arguments: str, **known: str) -> subprocess.CompletedProcess[str]:
        """A script in bash, as the systems call it."""
        text = script.replace("/tmp/mlgate", f"{self.machine}/mlgate")  # noqa: S108
        search = f"{self.machine}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text, "step", *arguments],
            cwd=self.repository,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": search, **known},
        )

    @property
    def installed(self) -> list[str]:
        return (self.machine / "installed").read_text().splitlines()


@pytest.fixture
def step(tmp_path: Path) -> Step:
    machine = tmp_path / "machine"
    machine.mkdir()
    (machine / "python3").write_text(PYTHON.format(python=sys.executable))
    (machine / "python3").chmod(0o755)
    copytree(ROOT / "examples/bad", tmp_path / "repository/manifests")
    return Step(tmp_path / "repository", machine)


def run_action(step: Step, arguments: str) -> subprocess.CompletedProcess[str]:
    """The action's own steps, one after the other, as a runner has them."""
    known = {
        "RUNNER_TEMP": str(step.machine),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(step.machine / "output"),
        "GITHUB_STEP_SUMMARY": str(step.machine / "summary"),
        "PYTHON": str(step.machine / "python3"),
        "LINT_ARGS": arguments,
    }
    install, lint = (one["run"] for one in ACTION["runs"]["steps"] if "run" in one)
    assert step.run(install, **known).returncode == 0
    return step.run(lint, **known)


def test_the_action_installs_itself_and_writes_all_reports(step: Step) -> None:
    done = run_action(step, "--select TRN001 manifests")
    assert done.returncode == 1, done.stderr
    assert step.installed == [f"install --quiet {ROOT}"]
    assert "deny[TRN001/batch]: training pod is restarted in place" in done.stdout
    assert "\n::error file=manifests/train-job.yaml,line=10," in done.stdout
    assert "TRN001" in (step.machine / "summary").read_text()
    assert (step.machine / "output").read_text() == f"sarif={step.machine}/mlgate.sarif\n"
    results = json.loads((step.machine / "mlgate.sarif").read_text())["runs"][0]["results"]
    assert {one["ruleId"] for one in results} == {"TRN001"}


def test_the_action_passes_with_what_passes(step: Step) -> None:
    assert run_action(step, "--fail-on never manifests").returncode == 0
    assert (step.machine / "output").exists()


def test_the_action_expands_no_pattern_and_runs_no_argument(step: Step) -> None:
    done = run_action(step, "--exclude *.yaml $(touch there) manifests")
    assert done.returncode == 4, done.stderr
    assert list(step.repository.iterdir()) == [step.repository / "manifests"]


def test_the_action_has_no_report_of_a_wrong_option(step: Step) -> None:
    done = run_action(step, "--fail-on sometimes")
    assert (done.returncode, done.stdout) == (2, "")
    assert not (step.machine / "output").exists()


def test_no_input_of_the_action_is_part_of_a_script() -> None:
    steps = ACTION["runs"]["steps"]
    assert [one for one in steps if "${{" in one.get("run", "")] == []
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])


def test_the_gitlab_component_writes_code_quality(step: Step) -> None:
    header, jobs = yaml.safe_load_all((ROOT / "templates/mlgate.yml").read_text())
    inputs = header["spec"]["inputs"]
    used = set(re.findall(r"inputs\.(\w+)", str(jobs)))
    assert used == set(inputs)
    assert "default" not in inputs["source"]
    done = step.run("\n".join(jobs["mlgate"]["script"]), SOURCE=SOURCE, LINT_ARGS="manifests")
    assert done.returncode == 1, done.stderr
    assert step.installed == [f"install --quiet {SOURCE}"]
    (report,) = jobs["mlgate"]["artifacts"]["reports"].values()
    rows = json.loads((step.repository / report).read_text())
    assert "manifests/train-job.yaml" in {row["location"]["path"] for row in rows}


def test_the_tekton_task_lints_its_workspace(step: Step) -> None:
    task = yaml.safe_load((ROOT / "examples/ci/tekton-task.yaml").read_text())
    (lint,) = task["spec"]["steps"]
    done = step.run(lint["script"], "--select", "HPA", "manifests", SOURCE=SOURCE)
    assert done.returncode == 1, done.stderr
    assert "HPA001" in done.stdout
    assert step.installed == [f"install --quiet {SOURCE}"]
    assert "$(params" not in lint["script"]


def test_the_argo_template_lints_what_it_cloned(step: Step) -> None:
    template = yaml.safe_load((ROOT / "examples/ci/argo-workflow-template.yaml").read_text())
    (lint,) = template["spec"]["templates"]
    script = lint["script"]
    done = step.run(script["source"], SOURCE=SOURCE, LINT_ARGS="--select TRN manifests")
    assert done.returncode == 1, done.stderr
    assert "TRN001" in done.stdout
    assert step.installed == [f"install --quiet {SOURCE}"]
    assert "{{" not in script["source"]


def test_what_is_shipped_for_argo_passes() -> None:
    done = call(
        "lint", "--profile", "strict", str(ROOT / "examples/ci/argo-workflow-template.yaml")
    )
    assert (done.code, done.out) == (0, "")
    assert "no findings" in done.err


def test_the_editors_task_reads_every_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copytree(ROOT / "examples/bad", tmp_path / "bad")
    (tmp_path / "broken.yaml").write_text("kind: [\n")
    task = json.loads((ROOT / "examples/ci/vscode-tasks.json").read_text())["tasks"][0]
    lines = call(*task["args"], "absent.yaml").out.splitlines()
    severities = set()
    for line in lines:
        (matcher,) = (
            one for one in task["problemMatcher"] if re.match(one["pattern"]["regexp"], line)
        )
        pattern, severity = matcher["pattern"], matcher["severity"]
        match = re.fullmatch(pattern["regexp"], line)
        assert match is not None
        assert match[pattern["file"]].endswith(".yaml")
        assert pattern.get("kind") == "file" or match[pattern["line"]].isdecimal()
        severities.add((severity, "code" in pattern, "line" in pattern))
    assert severities == {
        ("error", True, True),
        ("error", False, True),
        ("error", False, False),
        ("warning", True, True),
        ("info", True, True),
    }


def list_uses() -> Iterator[tuple[str, str, str]]:
    """Every action that is used, its version and the file that uses it."""
    files = [ROOT / "action.yml", *(ROOT / ".github/workflows").glob("*.yml")]
    texts = {path.name: path.read_text() for path in [*files, *(ROOT / "docs").glob("*.md")]}
    texts["init"] = f"uses: {CHECKOUT}\nuses: {SETUP_PYTHON}\n"
    for name, text in texts.items():
        for action, version in re.findall(r"uses: ([\w./-]+)@(.+)", text):
            yield action, version, name


def test_actions_are_pinned_to_one_commit_each() -> None:
    versions: dict[str, set[str]] = defaultdict(set)
    for action, version, name in list_uses():
        if action.endswith("/mlgate"):
            continue
        assert re.fullmatch(r"[0-9a-f]{40} # v[0-9.]+", version), f"{name}: {action}@{version}"
        versions[action].add(version)
    assert {action: found for action, found in versions.items() if len(found) > 1} == {}
    assert len(versions) >= 3


def test_hooks_run_commands_that_there_are() -> None:
    hooks: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    policy = str(ROOT / "deploy/base/mlgate.yaml")
    for hook in hooks:
        command, *words = hook["entry"].split()
        assert command == "mlgate"
        assert call(*words, policy).code == 0, hook["id"]
    (checker,) = (hook for hook in hooks if hook["id"] == "mlgate-policy")
    assert re.search(checker["files"], "platform/mlgate.yaml")
    assert not re.search(checker["files"], "manifests/not-mlgate.yaml")
    assert re.search(checker["exclude"], ".github/workflows/mlgate.yml")
