"""Probes and metrics: plain HTTP on a port of their own, answered by a thread of their own.

A probe must be answered when the event loop hangs, and a kubelet has no client certificate.
"""

import asyncio
import datetime
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from webhook.identity.certificates import Certificates
from webhook.observability.metrics import METRICS_CONTENT_TYPE
from webhook.server.handler import ReviewHandler
from webhook.server.listener import GuardedServer
from webhook.server.protocol import bounded_protocol

_MAX_CONNECTIONS = 128
"""At a time; a kubelet and a Prometheus need few."""
_KEEP_ALIVE = 5
"""Seconds that a connection may be silent."""
_METRICS_AGE = 0.2
"""Seconds for which metrics are shown again: to write them takes milliseconds from the reviews."""
_MAX_BODY = 1024


def create_probe_app(handler: ReviewHandler, certificates: Certificates) -> Starlette:
    """GET /healthz, /readyz and /metrics."""

    async def healthz(_request: Request) -> Response:
        hung = handler.lifecycle.hung
        return PlainTextResponse("the event loop hangs\n" if hung else "ok\n", 503 if hung else 200)

    async def readyz(_request: Request) -> Response:
        reasons = [*not_ready_reasons(handler, certificates)]
        text = "".join(f"{reason}\n" for reason in reasons)
        return PlainTextResponse(text or "ok\n", 503 if reasons else 200)

    shown, until = b"", 0.0

    async def metrics(_request: Request) -> Response:
        nonlocal shown, until
        if time.monotonic() >= until:
            shown, until = handler.metrics.render(), time.monotonic() + _METRICS_AGE
        return Response(shown, media_type=METRICS_CONTENT_TYPE)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


def not_ready_reasons(handler: ReviewHandler, certificates: Certificates) -> Iterator[str]:
    """Why no review should be sent here. A policy is never among them: a bad one is not put in
    force."""
    if not handler.lifecycle.started:
        yield "not started"
    if handler.lifecycle.stopping:
        yield "stopping"
    if handler.lifecycle.stalled:
        yield "the event loop stands still"
    if certificates.ends_soon(datetime.datetime.now(datetime.UTC)):
        yield f"the certificate ends at {certificates.pair.not_after:%FT%TZ}"
    waiting = handler.cluster.not_ready()
    if waiting:
        yield waiting


class ProbeServer(threading.Thread):
    """Serves ``app`` until stopped."""

    def __init__(
        self, app: Starlette, host: str, port: int, refused: Callable[[str, str], None]
    ) -> None:
        super().__init__(name="probes", daemon=True)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="asyncio",
            http=bounded_protocol(_MAX_BODY, refused),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=1,
        )
        self.server = GuardedServer(config, _MAX_CONNECTIONS, refused)

    def run(self) -> None:
        """Serve. A port that is taken ends the thread: no probe is answered then, and the kubelet
        starts the pod again."""
        asyncio.run(self.server.serve())

    def stop(self) -> None:
        """Stop serving."""
        self.server.should_exit = True
