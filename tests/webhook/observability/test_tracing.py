"""Spans of reviews: what they tell, whose trace they belong to, and that they hurt nobody."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.webhook.bodies import NAMESPACE, UID, admitted, deployment, job, review
from tests.webhook.collector import Collector, collecting
from tests.webhook.in_process import JSON, InProcessServer, policies_of
from tests.webhook.processes import HOST, Pairs, free_port, serve, wait_until
from webhook.observability.tracing import Tracing, start_tracing
from webhook.review.admission import ENDPOINTS
from webhook.server.clients import ClientCheck

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{SPAN}-01"
SECRET = "hunter2-hunter2"  # noqa: S105 - what must not appear


class TracedServer(InProcessServer):
    """A server whose spans are kept in memory."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.kept))
        self.handler.tracing = Tracing(provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        """In the order in which they began; of two that began together, the outer one first."""
        spans = self.kept.get_finished_spans()
        return sorted(spans, key=lambda span: (span.start_time or 0, -(span.end_time or 0)))


def name_parents(spans: list[ReadableSpan]) -> list[tuple[str, str | None]]:
    """Each span by its name, with the name of the one that it is inside of."""
    names = {span.context.span_id: span.name for span in spans if span.context}
    return [(span.name, names.get(span.parent.span_id) if span.parent else None) for span in spans]


def test_a_denial_has_a_span_of_its_steps_and_says_why() -> None:
    server = TracedServer()
    server.send(review(admitted(job(ttlSecondsAfterFinished=86400))))
    root, *steps = server.spans
    assert [span.name for span in steps] == ["read", "decode", "judge", "encode"]
    assert all(span.parent and span.parent.span_id == root.context.span_id for span in steps)
    assert root.kind is SpanKind.SERVER
    assert dict(root.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/validate",
        "http.response.status_code": 200,
        "mlgate.review.uid": UID,
        "mlgate.operation": "CREATE",
        "mlgate.group": "batch",
        "mlgate.kind": "Job",
        "k8s.namespace.name": NAMESPACE,
        "mlgate.decision": "deny",
        "mlgate.profile": "standard",
        "mlgate.rules": ("TRN002/batch=deny", "TRN003/missing=warn"),
        "mlgate.policy.revision": "built-in",
    }
    begins, ends = root.start_time, root.end_time
    assert begins is not None
    assert ends is not None
    for span in steps:
        assert span.start_time is not None
        assert span.end_time is not None
        assert begins <= span.start_time <= span.end_time <= ends


def test_a_patch_is_judged_inside_of_it() -> None:
    server = TracedServer()
    server.send(review(admitted(job())), "mutate")
    first, *rest = name_parents(server.spans)
    assert first == ("POST /mutate", None)
    assert [one for one in rest if one[0] != "judge"] == [
        ("read", "POST /mutate"),
        ("decode", "POST /mutate"),
        ("patch", "POST /mutate"),
        ("encode", "POST /mutate"),
    ]
    assert [one for one in rest if one[0] == "judge"] == [("judge", "patch")] * 2


def test_a_review_belongs_to_the_trace_of_the_api_server() -> None:
    server = TracedServer()
    body = json.dumps(review(deployment())).encode()
    server.post(body, headers={**JSON, "traceparent": SAMPLED, "tracestate": "vendor=1"})
    root = server.spans[0]
    assert root.parent is not None
    assert f"{root.parent.trace_id:032x}" == TRACE
    assert f"{root.parent.span_id:016x}" == SPAN
    assert root.parent.trace_state.get("vendor") == "1"
    assert {span.context.trace_id for span in server.spans if span.context} == {int(TRACE, 16)}


def test_what_the_api_server_does_not_sample_is_not_sampled_here() -> None:
    server = TracedServer()
    body = json.dumps(review(deployment())).encode()
    answer = server.post(body, headers={**JSON, "traceparent": f"00-{TRACE}-{SPAN}-00"})
    assert answer.status == 200
    assert server.spans == []


@pytest.mark.parametrize("header", ["", "00-0-0-01", "x" * 600, f"ff-{TRACE}-{SPAN}-01", "\xff"])
def test_a_header_that_is_none_begins_a_trace(header: str) -> None:
    server = TracedServer()
    body = json.dumps(review(deployment())).encode()
    assert server.post(body, headers={**JSON, "traceparent": header}).status == 200
    assert server.spans[0].parent is None


def test_strangers_choose_no_trace_and_those_who_are_refused_have_none() -> None:
    server = TracedServer()
    body = json.dumps(review(deployment())).encode()
    server.handler.clients = ClientCheck(lambda _: False, None)
    server.post(body, headers={**JSON, "traceparent": f"00-{TRACE}-{SPAN}-00"})
    root = server.spans[0]
    assert root.parent is None
    assert (root.attributes or {})["mlgate.client"] == "unknown"
    server.kept.clear()
    server.handler.clients = ClientCheck(lambda _: False, 0)
    assert server.post(body).status == 401
    assert server.spans == []


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"{}", 400)])
def test_a_request_without_a_review_is_an_error(body: bytes, status: int) -> None:
    server = TracedServer()
    assert server.post(body).status == status
    root = server.spans[0]
    assert (root.attributes or {})["http.response.status_code"] == status
    assert root.status.status_code is StatusCode.ERROR


def test_no_value_of_the_object_is_in_a_span() -> None:
    body = admitted(job())
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "TOKEN", "value": SECRET}]
    container["command"] = ["train.py", "--token", SECRET]
    server = TracedServer()
    server.send(review(body))
    server.post(json.dumps(review(body)).encode(), "validate")
    assert len(server.spans) > 8
    assert SECRET not in "".join(span.to_json() for span in server.spans)


def test_a_crash_is_traced_as_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_review: Any, _known: Any) -> Any:
        raise ValueError(SECRET)

    monkeypatch.setitem(ENDPOINTS, "validate", crash)
    server = TracedServer()
    assert server.post(json.dumps(review(deployment())).encode()).status == 500
    assert server.spans[0].status.status_code is StatusCode.ERROR
    assert SECRET not in "".join(span.to_json() for span in server.spans)


def test_a_tracer_that_breaks_keeps_no_review_from_its_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = TracedServer()
    tracing = server.handler.tracing
    assert tracing is not None

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no spans today")

    monkeypatch.setattr(tracing._tracer, "start_span", fail)
    assert server.send(review(admitted(job())))["allowed"] is False
    (record,) = caplog.records
    assert (record.name, "no spans today" in caplog.text) == ("asyncio", True)


def test_without_the_flag_nothing_of_it_is_imported() -> None:
    script = (
        "import sys; import webhook.server.process, webhook.commands.serve; "
        "print([one for one in sys.modules"
        " if one.startswith(('opentelemetry.sdk', 'opentelemetry.exporter', 'google.protobuf'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_protocol_that_is_not_supported_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(ValueError, match="_PROTOCOL is grpc; expected http/protobuf"):
        start_tracing()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as server:
        yield server


def read_resource(request: ExportTraceServiceRequest) -> dict[str, str]:
    (spans,) = request.resource_spans
    return {one.key: one.value.string_value for one in spans.resource.attributes}


def test_spans_reach_a_collector_also_the_last_ones(
    collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=mlgate-0")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")  # so that the end brings them
    pairs = Pairs(tmp_path)
    pairs.write(pairs.issue())
    with serve(pairs, "--tracing", "--shutdown-delay", "0") as served:
        status, _ = served.post(review(admitted(job())), traceparent=SAMPLED)
        assert status == 200
        served.process.terminate()
        served.process.wait(20)
    assert {"POST /validate", "decode", "judge", "encode"} <= {one.name for one in collector.spans}
    assert {one.trace_id.hex() for one in collector.spans} == {TRACE}
    assert collector.headers[0]["x-key"] == "a"
    resource = read_resource(collector.requests[0])
    assert (resource["service.name"], resource["k8s.pod.name"]) == ("mlgate", "mlgate-0")


def test_a_collector_that_is_away_hurts_nobody_and_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{HOST}:{free_port()}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
    pairs = Pairs(tmp_path)
    pairs.write(pairs.issue())
    with serve(pairs, "--tracing", "--shutdown-delay", "0") as served:
        answers = [served.post(review(deployment()))[0] for _ in range(20)]
        assert answers == [200] * 20
        wait_until(lambda: "opentelemetry" in served.log.read_text(), served.log)
        served.process.terminate()
        assert served.process.wait(20) == 0
    lines = [json.loads(line) for line in served.log.read_text().splitlines()]
    told = [line for line in lines if line["event"].startswith("opentelemetry")]
    assert told
    assert lines[-1]["event"] == "stopped"


def test_a_policy_has_its_revision(tmp_path: Path) -> None:
    policies = policies_of(tmp_path, "profile: strict\n")
    server = TracedServer(policies)
    server.send(review(deployment()))
    revision = policies.active.revision
    assert (server.spans[0].attributes or {})["mlgate.policy.revision"] == revision
