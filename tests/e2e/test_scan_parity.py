"""Many objects of many kinds on a real API server: a scan finds what the linter finds in their
manifests. ``MLGATE_SCAN_OBJECTS`` says how many (200)."""

import io
import json
import os
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.cli import main
from tests.e2e.cluster import Cluster
from tests.e2e.custom_kinds import installed, versions_in
from tests.e2e.test_scan import ROOT, UNREAD, scan
from tests.manifests import CASES

OBJECTS = int(os.environ.get("MLGATE_SCAN_OBJECTS", "200"))
NAMESPACES = ("parity-a", "parity-b", "parity-c")
LEAST_KINDS = 20
_AT_ONCE = 250
MANIFESTS = (
    *sorted((ROOT / "tests/e2e/manifests").glob("*.yaml")),
    *sorted((ROOT / "tests/acceptance").glob("*.yaml")),
    CASES / "TRN001" / "bad-pytorchjob-unset.yaml",
    CASES / "TRN002" / "bad-jobset-both-budgets.yaml",
    CASES / "TRN003" / "bad-argo-missing.yaml",
    CASES / "CRN001" / "bad-raycronjob.yaml",
    CASES / "DST004" / "bad-raycluster-for-training.yaml",
    CASES / "GPU001" / "bad-app-wrapper.yaml",
    CASES / "IMG001" / "bad-inferenceservice.yaml",
    CASES / "SRV001" / "bad-kthena-role.yaml",
    CASES / "STO001" / "bad-sparkapplication-empty-dir.yaml",
    CASES / "STO001" / "bad-the-master-writes-nowhere.yaml",
    CASES / "TRN001" / "bad-paddle-behind-a-service.yaml",
)

Found = set[tuple[str, str, str, str, str]]


def read_patterns() -> Iterator[dict[str, Any]]:
    """One object for each kind and manifest, but autoscalers: what the API server fills in there
    is no longer told apart."""
    for path in MANIFESTS:
        for body in yaml.safe_load_all(path.read_text()):
            if body["kind"] not in ("HorizontalPodAutoscaler", "Namespace", "List"):
                yield body


def make_objects() -> list[dict[str, Any]]:
    """So many, in several namespaces, each with a name of its own."""
    made = []
    for number, body in enumerate(islice(cycle(list(read_patterns())), OBJECTS)):
        namespace = NAMESPACES[number % len(NAMESPACES)]
        metadata = {**body["metadata"], "name": f"many-{number}", "namespace": namespace}
        metadata.pop("generateName", None)
        if body["kind"].startswith("Cluster"):
            del metadata["namespace"]
        made.append({**body, "metadata": metadata})
    return made


def apply(cluster: Cluster, bodies: list[dict[str, Any]]) -> None:
    """Server-side apply; what the API server refuses is left out."""
    for first in range(0, len(bodies), _AT_ONCE):
        words = ("apply", "--server-side", "--validate=false", "-f", "-")
        cluster.try_kubectl(*words, stdin=bodies[first : first + _AT_ONCE])


def name_of(body: dict[str, Any]) -> tuple[str, str]:
    return body["kind"], body["metadata"]["name"]


def read_rows(text: str) -> Found:
    return {
        (
            row["object"]["kind"],
            row["object"]["namespace"] or "",
            row["object"]["name"],
            f"{row['rule']}/{row['form']}",
            row["action"],
        )
        for row in json.loads(text)["findings"]
        if str(row["object"]["name"]).startswith("many-")
    }


@pytest.fixture(scope="module")
def cluster_of_many(cluster: Cluster) -> Iterator[Cluster]:
    bodies = make_objects()
    with installed(cluster, versions_in(bodies)):
        for namespace in NAMESPACES:
            cluster.create_namespace(namespace)
        apply(cluster, bodies)
        yield cluster
        cluster.kubectl("delete", "namespace", *NAMESPACES, "--wait=false")


def test_many_objects_are_judged_as_their_manifests(
    cluster_of_many: Cluster, tmp_path: Path
) -> None:
    words = ("--rate", "500", "--exit-zero", "--format", "json")
    done = scan(cluster_of_many, *words)
    report = json.loads(done.stdout)
    assert report["errors"] == []
    assert done.returncode == 0
    judged = set(report["coverage"]["pod_templates"])
    found = read_rows(done.stdout)
    kinds = {one[0] for one in found}
    there = {one[:3] for one in found}
    bodies = [
        body
        for body in make_objects()
        if (body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"]) in there
    ]
    file = tmp_path / "many.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": make_objects()}))
    out = io.StringIO()
    main(["lint", "--format", "json", "--complete", "--exit-zero", str(file)], stdout=out)
    wanted = {one for one in read_rows(out.getvalue()) if one[:3] in there}
    assert len(kinds) >= LEAST_KINDS, sorted(kinds)
    assert len(judged) >= LEAST_KINDS, sorted(judged)
    assert len(bodies) > OBJECTS * 0.7
    assert found - wanted == set()
    assert {one[3] for one in wanted - found} <= set(UNREAD)
