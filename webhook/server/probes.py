"""Probes and metrics: plain HTTP on a port of their own, answered by a thread of their own."""

import asyncio
import datetime
import threading
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from webhook.identity.certificates import Certificates
from webhook.observability.metrics import CONTENT_TYPE
from webhook.server.app import Desk
from webhook.server.protocol import bound

CONNECTIONS = 128
"""At a time; a kubelet and a Prometheus need few."""
PATIENCE = 5
"""Seconds that a connection may be silent."""
MAX_BODY = 1024


def create_probes(desk: Desk, certificates: Certificates) -> Starlette:
    """GET /healthz, /readyz and /metrics."""

    async def healthz(_request: Request) -> Response:
        hung = desk.life.hung
        return PlainTextResponse("the event loop hangs\n" if hung else "ok\n", 503 if hung else 200)

    async def readyz(_request: Request) -> Response:
        found = [*reasons(desk, certificates)]
        text = "".join(f"{reason}\n" for reason in found)
        return PlainTextResponse(text or "ok\n", 503 if found else 200)

    async def metrics(_request: Request) -> Response:
        return Response(desk.metrics.render(), media_type=CONTENT_TYPE)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


def reasons(desk: Desk, certificates: Certificates) -> Iterator[str]:
    """Why no review should be sent here. The policy in force is good: it would not be in force."""
    if not desk.life.started:
        yield "not started"
    if desk.life.stopping:
        yield "stopping"
    if desk.life.hung:
        yield "the event loop hangs"
    if certificates.ends_soon(datetime.datetime.now(datetime.UTC)):
        yield f"the certificate ends at {certificates.pair.not_after:%FT%TZ}"
    missing = desk.knowledge.missing()
    if missing:
        yield missing


class Probes(threading.Thread):
    """Serves ``app`` until stopped."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        super().__init__(name="probes", daemon=True)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="asyncio",
            http=bound(MAX_BODY, CONNECTIONS),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=CONNECTIONS,
            timeout_keep_alive=PATIENCE,
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)

    def run(self) -> None:
        """Serve. A port that is taken ends the thread: no probe is answered then, and the kubelet
        starts the pod again."""
        asyncio.run(self.server.serve())

    def stop(self) -> None:
        """Answer no more."""
        self.server.should_exit = True
