"""A request in the API server's own trace, which goes on in mlgate."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import Cluster, find_programs, free_port, until
from tests.e2e.installation import Installation
from tests.e2e.network import LOOPBACK, own_network
from tests.e2e.workloads import refuses
from tests.webhook.collector import Collector, collecting


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[tuple[Cluster, Collector]]:
    """An API server that traces every request, and a collector of mlgate's spans. The API server's
    own go nowhere: they are exported by gRPC."""
    programs = find_programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    configuration = tmp_path / "tracing.yaml"
    with own_network() as host, collecting() as collector:
        if host == LOOPBACK:
            pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
        body = {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "TracingConfiguration",
            "endpoint": f"127.0.0.1:{free_port()}",
            "samplingRatePerMillion": 1_000_000,
        }
        configuration.write_text(yaml.safe_dump(body))
        cluster = Cluster(programs, tmp_path, host, f"--tracing-config-file={configuration}")
        try:
            cluster.start()
            yield cluster, collector
        finally:
            cluster.stop()


def test_a_review_is_a_part_of_the_api_servers_trace(
    traced: tuple[Cluster, Collector], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, collector = traced
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    installed = Installation(cluster)
    try:
        installed.add("--tracing")
        until(installed.registered)
        until(lambda: refuses(cluster, "default"))
        until(lambda: any(one.name == "POST /validate" for one in collector.spans))
        roots = [one for one in collector.spans if one.name.startswith("POST /")]
        assert [one.name for one in roots if not one.parent_span_id] == []
    finally:
        installed.stop()
