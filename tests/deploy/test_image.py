"""deploy/docker: what stands in the Dockerfile, and in the workflow that publishes the image."""

import re
import tomllib
from typing import Any

import yaml

import rules
from tests.deploy.test_base import CONTAINER, POD, ROOT

FOLDER = ROOT / "deploy/docker"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
STAGES = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RELEASE = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())


def read_pins(name: str) -> set[str]:
    """The packages of a file of requirements, all of them with hashes."""
    text = (FOLDER / name).read_text()
    pinned = re.findall(r"^([\w-]+)==.*?\\\n +--hash=sha256:", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[\w-]+==", text, re.MULTILINE))
    return set(pinned)


def test_both_stages_begin_with_one_image_by_its_digest() -> None:
    images = {stage.split()[0] for stage in STAGES}
    (image,) = images
    assert len(STAGES) == 2
    assert re.fullmatch(r"docker\.io/library/python:3\.13-slim-\w+@sha256:[0-9a-f]{64}", image)


def test_it_is_built_of_all_packages() -> None:
    include = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {one.rstrip("*") for one in include}
    assert set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE)) == {*packages, "man"}
    sent = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    assert sent[0] == "*"
    assert {f"!{one}" for one in packages} <= set(sent)
    (pages,) = PROJECT["tool"]["setuptools"]["data-files"].values()
    assert {one.partition("/")[0] for one in pages} == {"man"}
    assert "!man" in sent


def test_it_runs_as_the_pod_does() -> None:
    last = STAGES[-1].splitlines()
    user = POD["securityContext"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}" in last
    assert last[-1] == f'ENTRYPOINT ["{CONTAINER["command"][0]}"]'
    assert "COPY --from=build /opt/mlgate /opt/mlgate" in last
    assert f"ARG VERSION={rules.VERSION}" in last


def test_everything_in_it_is_pinned_by_a_hash() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [*PROJECT["project"]["dependencies"], *extras["webhook"], *extras["tracing"]]
    names = {re.split(r"[>=;\s]", one)[0].lower() for one in asked}
    assert names <= read_pins("requirements.txt")
    assert read_pins("build-requirements.txt") == {"cython", "setuptools"}
    assert DOCKERFILE.count("--require-hashes") == 2


def test_what_is_published_is_signed_and_says_what_is_in_it() -> None:
    steps: list[dict[str, Any]] = RELEASE["jobs"]["image"]["steps"]
    (build,) = [one for one in steps if one.get("id") == "build"]
    assert build["with"]["file"] == "deploy/docker/Dockerfile"
    assert (build["with"]["sbom"], build["with"]["provenance"]) == (True, "mode=max")
    assert "cosign sign" in steps[-1]["run"]
    assert "steps.build.outputs.digest" in steps[-1]["env"]["DIGEST"]


def list_commands(job: str) -> list[str]:
    """The lines that a job of the workflow runs."""
    texts = [step.get("run", "") for step in RELEASE["jobs"][job]["steps"]]
    return [line for text in texts for line in text.splitlines()]


def test_what_builds_and_signs_is_pinned_by_its_hash() -> None:
    asked = [line for job in ("source", "wheels", "publish") for line in list_commands(job)]
    files = [re.findall(r"-r (\S+)", one) for one in asked if "pip install" in one]
    assert len(files) == 4
    for (file,) in files:
        assert read_pins(f"{ROOT / file}")
    assert all("--require-hashes" in one for one in asked if "pip install" in one)
    assert any("pypi_attestations sign" in one for one in list_commands("publish"))


def test_nothing_is_published_that_has_not_passed_the_checks() -> None:
    assert list_commands("check")[-1] == "make check"
    for job in ("publish", "image"):
        assert "check" in RELEASE["jobs"][job]["needs"]


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [
        step["uses"] for job in RELEASE["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert len(used) > 8
    assert [one for one in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", one)] == []
