"""What ``mlgate init`` writes: the files of a repository's first day, as they fit what is there."""

import json
import os
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import urlsplit

from linter.judging.settings import FILE_NAMES
from rules.record import NamedTuple

BASELINE_NAME = "mlgate-baseline.yaml"
SOMEWHERE = "git+https://git.example.com/mlgate"
"""The address of mlgate's repository, where nobody knows it."""

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
SETUP_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"


class FirstFile(NamedTuple):
    """A file to write, from the repository's root: its name, its text, and what it is for. Where
    one is there already, ``advice`` says what to put into it."""

    name: str
    text: str
    purpose: str
    advice: str = ""


def plan_files(root: str, policy: str, *, baseline: bool) -> list[FirstFile]:
    """The files that a repository lacks, or has; ``policy`` is the text of its first policy."""
    listed = baseline or os.path.exists(os.path.join(root, BASELINE_NAME))
    flags = f" --baseline {BASELINE_NAME}" if listed else ""
    files = [
        FirstFile(
            find_name(root, FILE_NAMES),
            policy,
            "a first policy, for you to review",
            "`mlgate policy check` says whether it is valid",
        ),
        FirstFile(
            find_name(root, (".pre-commit-config.yaml", ".pre-commit-config.yml")),
            _HOOKS.replace("FLAGS", flags),
            "pre-commit hooks",
            "add the hooks to its `repos`",
        ),
    ]
    systems = find_systems(root)
    source = find_source()
    if "github" in systems:
        files.append(_make_workflow(flags, source))
    if "gitlab" in systems:
        files.append(_make_pipeline(root, flags, source))
    return files


def find_name(root: str, names: tuple[str, ...]) -> str:
    """The one of some names that a file has already; else the first."""
    there = (name for name in names if os.path.lexists(os.path.join(root, name)))
    return next(there, names[0])


def find_systems(root: str) -> set[str]:
    """The CI systems of a repository, told by its files and by where git pushes it to."""
    there = {
        "github": os.path.isdir(os.path.join(root, ".github")),
        "gitlab": os.path.exists(os.path.join(root, ".gitlab-ci.yml")),
    }
    remotes = _ask_remotes(root)
    return {name for name, seen in there.items() if seen or name in remotes}


def _ask_remotes(root: str) -> str:
    command = ["git", "-C", root, "config", "--local", "--get-regexp", r"^remote\..*\.url$"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:  # no git here
        return ""
    return done.stdout.lower()


def find_source() -> str:
    """What ``pip install`` takes to install the mlgate that runs here: its repository and commit,
    or its release, as the installer has recorded it (PEP 610)."""
    try:
        installed = distribution("mlgate")
    except PackageNotFoundError:  # it runs in a checkout
        return SOMEWHERE
    recorded = installed.read_text("direct_url.json")
    if recorded is None:
        # What a checkout says of itself (its egg-info) names no installer.
        return f"mlgate=={installed.version}" if installed.read_text("INSTALLER") else SOMEWHERE
    origin = json.loads(recorded)
    url, version = urlsplit(origin["url"]), origin.get("vcs_info")
    if version is None or url.scheme == "file":
        return SOMEWHERE
    # Nobody's password goes into a file.
    address = url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()
    found = f"{version['vcs']}+{address}@{version['commit_id']}"
    return found if re.fullmatch(r"[\w.+:/@=~-]+", found) else SOMEWHERE


def _make_workflow(flags: str, source: str) -> FirstFile:
    text = _WORKFLOW.replace("FLAGS", flags).replace("SOURCE", source)
    name = ".github/workflows/mlgate.yml"
    return FirstFile(name, text, "a GitHub Actions workflow", "it is left as it is")


def _make_pipeline(root: str, flags: str, source: str) -> FirstFile:
    """A job of GitLab's, in a file of its own where there is a pipeline already."""
    text = _PIPELINE.replace("FLAGS", flags).replace("SOURCE", source)
    if not os.path.exists(os.path.join(root, ".gitlab-ci.yml")):
        return FirstFile(".gitlab-ci.yml", text, "a GitLab pipeline")
    purpose = "a GitLab job; .gitlab-ci.yml must `include: {local: .gitlab/mlgate.yml}`"
    return FirstFile(".gitlab/mlgate.yml", text, purpose, "it is left as it is")


_HOOKS = """\
# Written by `mlgate init`. `pre-commit install` has git run it; mlgate must be on PATH.
repos:
  - repo: local
    hooks:
      - id: mlgate
        name: mlgate
        entry: mlgate lint --hookFLAGS
        language: system
        types_or: [yaml, json]
        require_serial: true
      - id: mlgate-policy
        name: mlgate policy
        entry: mlgate policy check
        language: system
        files: (^|/)\\.?mlgate\\.ya?ml$
        exclude: ^\\.(github|gitlab)/
"""

_WORKFLOW = f"""\
# Written by `mlgate init`.
name: mlgate
on: [push, pull_request]
permissions:
  contents: read
jobs:
  mlgate:
    runs-on: ubuntu-latest
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - uses: {SETUP_PYTHON}
        with:
          python-version: "3.13"
      - run: pip install "SOURCE"
      - run: mlgate lintFLAGS
"""

_PIPELINE = """\
# Written by `mlgate init`.
mlgate:
  image: python:3.13
  script:
    - pip install "SOURCE"
    - mlgate lint --format gitlab --output gl-code-quality-report.json --format textFLAGS
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"""
