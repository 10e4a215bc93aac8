"""Spans of reviews for OpenTelemetry: one of the request, and one of each step below it.

Nothing here is imported unless ``--tracing`` asks for it. A span is made after its answer was
given, and exported in batches by a thread of its own from a queue that is bounded: neither an
exporter nor a collector is ever waited for. docs/tracing.md lists names and attributes.
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterable
from typing import TypeAlias

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

import rules
from webhook.observability.logs import list_results
from webhook.review.admission import ReviewOutcome
from webhook.review.record import ReviewRecord, decision
from webhook.review.steps import Steps

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]
"""As ASGI has them: names in small letters."""

CLOSE_SECONDS = 2.0
"""That the last spans have to reach the collector when the server ends."""
_PROTOCOLS = ("", "http/protobuf")
_PROTOCOL_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_CARRIED = (b"traceparent", b"tracestate")
_propagator = TraceContextTextMapPropagator()


class Tracing:
    """Where the spans of one server go."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("mlgate", rules.VERSION)

    def begin(self, endpoint: str, headers: Headers) -> "ReviewTrace":
        """The trace of a request for ``/<endpoint>``. The headers of whom nobody knows are not to
        be given: they would choose the trace, and whether it is kept."""
        return ReviewTrace(self._tracer, endpoint, headers)

    def close(self) -> None:
        """Export what is left, for two seconds at the most."""
        # In a thread that nobody waits for longer: an exporter tries again and again.
        closing = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


class ReviewTrace:
    """What is traced of one request until its answer is given."""

    def __init__(self, tracer: Tracer, endpoint: str, headers: Headers) -> None:
        self.steps = Steps()
        self._tracer = tracer
        self._endpoint = endpoint
        self._headers = headers
        self._attributes: dict[str, AttributeValue] = {}

    def tell(self, record: ReviewRecord, outcome: ReviewOutcome, revision: str) -> None:
        """What was decided, under the policy ``revision``."""
        found: dict[str, AttributeValue | None] = {
            "mlgate.review.uid": record.uid,
            "mlgate.operation": record.operation,
            "mlgate.group": record.group,
            "mlgate.kind": record.kind,
            "k8s.namespace.name": record.namespace,
            "mlgate.dry_run": record.dry_run,
            "mlgate.client": record.client,
            "mlgate.decision": decision(outcome),
            "mlgate.reason": outcome.passed,
            "mlgate.profile": outcome.profile,
            "mlgate.rules": list_results(outcome),
            "mlgate.rules.unanswered": len(outcome.errors),
            "mlgate.policy.revision": revision,
        }
        self._attributes = {name: value for name, value in found.items() if value}

    def end(self, status: int) -> None:
        """The answer is given: its spans are made in the event loop's next turn."""
        self._attributes["http.response.status_code"] = status
        # Whatever goes wrong there is the loop's to log, and not the answer's to tell.
        asyncio.get_running_loop().call_soon(self._make_spans, time.time_ns())

    def _make_spans(self, ended: int) -> None:
        parent = _read_context(self._headers)
        span = self._tracer.start_span(
            f"POST /{self._endpoint}", parent, SpanKind.SERVER, start_time=self.steps.began
        )
        if span.is_recording():
            self._describe(span)
            self._make_steps(span)
        span.end(ended)

    def _describe(self, span: Span) -> None:
        # The path is left out: it may end with the API server's token.
        span.set_attributes({"http.request.method": "POST", "http.route": f"/{self._endpoint}"})
        span.set_attributes(self._attributes)
        if self._attributes["http.response.status_code"] != 200:
            span.set_status(Status(StatusCode.ERROR))

    def _make_steps(self, span: Span) -> None:
        spans: list[Span] = []
        for step in self.steps.taken:
            outer = span if step.inside is None else spans[step.inside]
            around = set_span_in_context(outer)
            spans.append(self._tracer.start_span(step.name, around, start_time=step.began))
        for step, made in zip(self.steps.taken, spans, strict=True):
            made.end(step.ended)


def start_tracing() -> Tracing:
    """Tracing by the standard variables ``OTEL_...``: where to, of how many reviews, and by what
    name. Raises ValueError for what is not supported."""
    for variable in _PROTOCOL_VARIABLES:
        if os.environ.get(variable, "") not in _PROTOCOLS:
            raise ValueError(f"{variable} is {os.environ[variable]}; expected http/protobuf")
    # The server ends it itself, in time.
    provider = TracerProvider(resource=_describe_server(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def _describe_server() -> Resource:
    found = Resource.create({SERVICE_VERSION: rules.VERSION})
    named = not str(found.attributes[SERVICE_NAME]).startswith("unknown_service")
    return found if named else found.merge(Resource({SERVICE_NAME: "mlgate"}))


def _read_context(headers: Headers) -> Context:
    """The trace that a request belongs to (W3C Trace Context): the API server's, where its own
    tracing is on."""
    carried = {
        name.decode(): value.decode("latin-1") for name, value in headers if name in _CARRIED
    }
    # An empty context, for the loop's own may be another request's.
    return _propagator.extract(carried, Context())
