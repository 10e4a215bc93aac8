"""The policy files that docs/organisation.md shows: what each finds, and what it lets pass."""

import datetime
from pathlib import Path

import pytest

from rules.checks import ALL
from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.policy.file import read_policy
from tests.manifests import labels_of_namespaces, read_documents, take_in

ROOT = Path(__file__).parent.parent
POLICIES = sorted((ROOT / "examples/policies").glob("*.yaml"))
PAGE = (ROOT / "docs/organisation.md").read_text()
DAY = datetime.date(2026, 12, 1)

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: %s}
spec:
  containers:
  - {name: main, image: "%s", resources: {limits: {nvidia.com/gpu: 1}}}
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s}}\n---\n"
JOB = """\
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: %s, namespace: %s, labels: {%s}}
spec:
  pytorchReplicaSpecs:
    Worker:
      replicas: %d
      template:
        spec:
          %s
          containers:
          - name: pytorch
            image: registry.example.com/trainer:1.0
            resources: {limits: {nvidia.com/gpu: 8}}
"""
NOTEBOOK = POD.replace("{name: probe", "{labels: {mlgate.dev/role: notebook}, name: probe")


def job(
    name: str = "run", namespace: str = "ml", labels: str = "", workers: int = 1, more: str = ""
) -> str:
    return JOB % (name, namespace, labels, workers, more)


BUDGET = "example.com/budget: large"
CASES = [
    ("caps-per-team", job(), []),
    ("caps-per-team", job(workers=2), ["ORG001/workload deny"]),
    ("caps-per-team", job(namespace="team-vision-a", workers=4), []),
    ("caps-per-team", job(namespace="team-vision-a", workers=5), ["ORG001/workload deny"]),
    ("caps-per-team", NAMESPACE % ("ml", BUDGET) + job(workers=16), []),
    ("caps-per-team", NAMESPACE % ("ml", BUDGET) + job(workers=17), ["ORG001/workload deny"]),
    (
        "caps-per-team",
        job("foundation-7b", "team-language", workers=32),
        ["ORG001/workload excepted"],
    ),
    ("caps-per-team", NOTEBOOK % ("ml", "jupyter"), []),
    (
        "caps-per-team",
        NOTEBOOK.replace("gpu: 1", "gpu: 2") % ("ml", "jupyter"),
        ["ORG001/role deny"],
    ),
    (
        "gpu-pool",
        job(),
        ["ORG002/node-label warn", "ORG002/priority-class warn", "ORG002/toleration warn"],
    ),
    (
        "gpu-pool",
        job(
            more="nodeSelector: {example.com/pool: gpu}\n"
            + " " * 10
            + "priorityClassName: research\n"
            + " " * 10
            + "tolerations: [{operator: Exists}]"
        ),
        [],
    ),
    ("cost-labels", job(), []),
    ("cost-labels", NAMESPACE % ("ml", "") + job(), ["ORG003/missing warn"] * 2),
    ("cost-labels", NAMESPACE % ("ml", "team: vision, cost-center: '0815'") + job(), []),
    ("cost-labels", job(labels="team: Vision, cost-center: '0815'"), ["ORG003/value warn"]),
    (
        "cost-labels",
        NAMESPACE % ("ml", "") + job(labels="team: vision, cost-center: none"),
        ["ORG003/value warn"],
    ),
    ("gpu-namespaces", job(namespace="ml-vision"), []),
    ("gpu-namespaces", NAMESPACE % ("web", "") + job(namespace="web"), ["ORG004/outside deny"]),
    ("gpu-namespaces", NAMESPACE % ("web", "example.com/gpu: enabled") + job(namespace="web"), []),
    (
        "gpu-namespaces",
        POD % ("ml-vision", "pytorch/pytorch"),
        ["ORG006/other deny"],
    ),
    ("gpu-namespaces", POD % ("ml-vision", "nvcr.io/nvidia/pytorch:24.10"), []),
    ("no-bare-gpu-pods", POD % ("ml", "registry.example.com/probe"), ["ORG005/denied deny"]),
    ("no-bare-gpu-pods", job(), []),
    ("queues-and-gangs", job(labels="kueue.x-k8s.io/queue-name: training", workers=2), []),
    ("queues-and-gangs", job(), ["DST006/missing deny"]),
    ("queues-and-gangs", job(workers=2), ["DST001/alone warn", "DST006/missing deny"]),
]
DECIDED = ("ORG", "DST001", "DST006")
"""Rules that find nothing until a policy says something."""


def judge(policy: str, text: str) -> list[str]:
    """What such rules find in a text under one of the policy files, with the actions."""
    stated = read_policy((ROOT / f"examples/policies/{policy}.yaml").read_text(), ALL)
    engine = Engine(stated, Inventory(), DAY)
    manifests = [Manifest(document.value) for document in read_documents(text)]
    take_in(engine, manifests)
    labels = labels_of_namespaces(manifests)
    return sorted(
        f"{finding.rule}/{finding.form} {finding.action}"
        for manifest in manifests
        for finding in engine.evaluate(
            manifest, namespace_labels=labels.get(manifest.identity.namespace or "")
        ).findings
        if finding.rule.startswith(DECIDED)
    )


@pytest.mark.parametrize(("policy", "text", "found"), CASES)
def test_a_policy_file_finds_what_the_page_says(policy: str, text: str, found: list[str]) -> None:
    assert judge(policy, text) == found


def test_every_policy_file_is_judged_both_ways() -> None:
    for path in POLICIES:
        assert {bool(found) for name, _, found in CASES if name == path.stem} == {True, False}


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_the_page_shows_the_file(path: Path) -> None:
    assert f"```yaml\n{path.read_text()}```" in PAGE


def test_the_page_shows_no_other_policy() -> None:
    assert PAGE.count("kind: Policy") == len(POLICIES)
