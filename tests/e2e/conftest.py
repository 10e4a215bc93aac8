"""The control plane that the tests of a module share, and what each test gets of it."""

import uuid
from collections.abc import Iterator

import pytest

from tests.e2e.cluster import Cluster, find_programs, until
from tests.e2e.installation import Installation
from tests.e2e.network import LOOPBACK, own_network
from tests.e2e.node import Node


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is an end-to-end test."""
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running control plane in a network of its own, within three seconds: what a module leaves
    behind, or has the API server count, is seen by no other. Its logs stay in pytest's folder of
    temporary files."""
    programs = find_programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    with own_network() as host:
        one = Cluster(programs, tmp_path_factory.mktemp("control-plane"), host)
        try:
            one.start()
            yield one
        finally:
            one.stop()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.create_namespace(name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.fixture(scope="module")
def node(cluster: Cluster) -> Iterator[Node]:
    """A node that has mlgate's images."""
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and each pod needs an address")
    one = Node(cluster)
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def installation(cluster: Cluster) -> Iterator[Installation]:
    """One replica of mlgate, installed and registered."""
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
    one = Installation(cluster)
    try:
        one.add("--shutdown-delay", "1", "--grace", "5")
        until(one.registered)
        yield one
    finally:
        one.stop()
