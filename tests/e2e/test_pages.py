"""The pages that a platform engineer follows, from the top to the end, in a real cluster: each
command is given, and prints what the page shows."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.e2e.cert_manager import define_kinds
from tests.e2e.cluster import Cluster
from tests.e2e.node import Node
from tests.e2e.pages import Reader, list_tried, read_reasons
from tests.test_documented_commands import COMMANDS, ROOT

TUTORIAL, RUNBOOK = ROOT / "docs/tutorial-cluster.md", ROOT / "docs/operations.md"
REGISTERED = "kubectl wait --for=create --timeout=1m validatingwebhookconfiguration/mlgate"


@pytest.fixture
def reader(cluster: Cluster, node: Node, tmp_path: Path) -> Iterator[Reader]:
    yield Reader(tmp_path, cluster)
    cluster.kubectl("delete", "namespace", "mlgate-system", "research", "--ignore-not-found")


def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    reader.follow(TUTORIAL)


def test_the_runbook_does_what_it_says(cluster: Cluster, reader: Reader) -> None:
    """After the installation, which is the tutorial's, in a cluster with cert-manager, on an API
    server that has counted nothing yet: other tests have it let calls pass."""
    cluster.stop_api_server()
    cluster.start_api_server()
    reader.follow(TUTORIAL, last=REGISTERED)
    cluster.create_namespace("research")
    define_kinds(cluster)
    reader.follow(RUNBOOK)


@pytest.mark.parametrize("page", [TUTORIAL, RUNBOOK], ids=["tutorial", "runbook"])
def test_what_is_not_tried_is_there_and_has_its_reason(page: Path) -> None:
    assert len(list_tried(page)) > 15
    shown = {one.text for one in COMMANDS if one.page == page.name}
    for name in read_reasons(page):
        assert any(fnmatchcase(one, name) for one in shown), name
    assert REGISTERED in {one.text for one in list_tried(TUTORIAL)}
