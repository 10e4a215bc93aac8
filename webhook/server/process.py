"""The process: one event loop that judges, a thread for probes, one that sees whether the loop
turns, one that polls files.

Its end is the part that users notice. The API server learns of a stopping replica seconds after
the replica does, so it goes on answering for a while, asks each client to connect elsewhere, and
only then closes. Idle TLS connections would hold the exit for 30 seconds: they are cut.
"""

import asyncio
import contextlib
import datetime
import gc
import logging
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import uvicorn
import uvloop

from webhook.identity.certificates import Certificates
from webhook.observability.logs import FailureReport, LogBridge
from webhook.server.app import Application
from webhook.server.clients import TokenFile
from webhook.server.file_poller import FilePoller
from webhook.server.handler import ReviewHandler
from webhook.server.listener import GuardedServer
from webhook.server.policy_reloader import count_expired_exceptions
from webhook.server.probes import ProbeServer, create_probe_app
from webhook.server.protocol import bounded_protocol
from webhook.server.stall_watch import StallWatch

if TYPE_CHECKING:  # without a cluster nothing of the kubernetes client is imported
    from webhook.replica.member import Member

KEEP_ALIVE = 120
"""Seconds; the API server drops an idle connection after 90, and must be the first to do so."""
MAX_CONNECTIONS = 512
"""At a time; an API server keeps up to 25 that are idle. Each takes 60 KB."""
DRAIN_SECONDS = 1.0
"""How long clients have to take the last answers and close, before they are cut off."""
SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread that judges a large object lets the event loop go on."""
GC_THRESHOLDS = (20_000, 50, 1000)
"""A full collection with all of FastAPI in it takes 20 ms: it is frozen, and collected rarely."""


class ServerOptions(NamedTuple):
    """Where to listen, and how to end: seconds of going on after SIGTERM, and until the exit."""

    host: str = "0.0.0.0"  # noqa: S104 - a Service's traffic comes from anywhere
    port: int = 8443
    metrics_port: int = 8080
    shutdown_delay: float = 10.0
    grace: float = 25.0
    client_names: frozenset[str] = frozenset()


class ReviewServer(GuardedServer):
    """A guarded server, with its own handling of signals and of the end.

    ``step_down`` is called when the end begins, in a thread.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        handler: ReviewHandler,
        options: ServerOptions,
        step_down: Callable[[], None],
    ) -> None:
        super().__init__(config, MAX_CONNECTIONS, handler.refusals.connection)
        self._step_down = step_down
        self._handler = handler
        self._options = options
        self._ends_at = 0.0

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Begin the end at SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def stop(self) -> None:
        """Not ready from now on, closed after the delay; the second signal closes at once."""
        lifecycle, options = self._handler.lifecycle, self._options
        if lifecycle.stopping:
            self.should_exit = True
            return
        lifecycle.stopping = True
        # In a thread, since it asks the API server: reviews are answered meanwhile.
        threading.Thread(target=self._step_down, name="step-down", daemon=True).start()
        self._ends_at = time.monotonic() + options.grace
        delay = options.shutdown_delay
        self._handler.log.event("info", "stopping", delay=delay, grace=options.grace)
        asyncio.get_running_loop().call_later(delay, self._close)

    def _close(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        # All that is there to stay is put out of the collector's sight.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._handler.lifecycle.started = True

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        self._handler.lifecycle.heartbeat()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was begun, cut what is idle."""
        self.stop_listening()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._wait(self.server_state.tasks, self._ends_at - DRAIN_SECONDS)
        await self._wait(self.server_state.connections, time.monotonic() + DRAIN_SECONDS)
        # uvicorn waits for every TLS connection to be closed by its client, which an idle one is
        # not for 30 seconds.
        for left in list(self.server_state.connections):
            left.transport.abort()
        self.force_exit = True
        await super().shutdown(sockets)

    async def _wait(self, busy: set[Any], until: float) -> None:
        while busy and time.monotonic() < until:
            # uvicorn's ticks have ended by now.
            self._handler.lifecycle.heartbeat()
            await asyncio.sleep(0.02)


def serve(
    handler: ReviewHandler,
    certificates: Certificates,
    options: ServerOptions,
    member: "Member | None" = None,
    token: TokenFile | None = None,
) -> int:
    """Serve until told to stop; the exit code. ``member``: the replica's part in a cluster;
    ``token``: what clients must show."""
    bridge = LogBridge(handler.log)
    for name in ("uvicorn.error", "asyncio", "opentelemetry"):
        logging.getLogger(name).addHandler(bridge)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(handler, certificates, options, member, token))


async def _serve(
    handler: ReviewHandler,
    certificates: Certificates,
    options: ServerOptions,
    member: "Member | None",
    token: TokenFile | None,
) -> int:
    step_down = member.step_down if member else lambda: None
    config = _configure(handler, certificates.context, options)
    server = ReviewServer(config, handler, options, step_down)
    loop = asyncio.get_running_loop()
    probe_app = create_probe_app(handler, certificates)
    probes = ProbeServer(probe_app, options.host, options.metrics_port, handler.refusals.connection)
    checks: tuple[Callable[[], None], ...] = (
        partial(reload_policy, handler, *([member.wake] if member else [])),
        partial(reload_certificates, handler, certificates, loop.call_soon_threadsafe),
    )
    if token is not None:
        checks += (follow_token(handler, token),)
    poller = FilePoller(checks, handler.log)
    watch = StallWatch(handler.lifecycle, server.cut_off, handler.log, handler.metrics)
    _publish_policy(handler)
    handler.metrics.certificate(certificates.pair.not_after.timestamp(), ok=True)
    probes.start()
    poller.start()
    watch.start()
    if member is not None:
        member.start(lambda: handler.lifecycle.started, handler.metrics)
    revision = handler.policies.active.revision
    handler.log.event("info", "starting", host=options.host, port=options.port, revision=revision)
    await server.serve()
    if member is not None:
        _leave(member)
    watch.stop()
    poller.stop()
    probes.stop()
    if handler.tracing is not None:
        handler.tracing.close()
    handler.log.event("info", "stopped")
    return 0


def _leave(member: "Member") -> None:
    # Not by the loop's executor: the loop waits for its threads when it is closed, and an API
    # server that is away would hold the exit.
    leaving = threading.Thread(target=member.stop, name="leaving", daemon=True)
    leaving.start()
    leaving.join(DRAIN_SECONDS)


def _configure(
    handler: ReviewHandler, context: ssl.SSLContext, options: ServerOptions
) -> uvicorn.Config:
    config = uvicorn.Config(
        Application(handler),
        host=options.host,
        port=options.port,
        http=bounded_protocol(
            handler.limits.max_body, handler.refusals.connection, options.client_names
        ),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,
    )
    config.load()
    # uvicorn would make a context of its own from file names; this one can be given a new
    # certificate while it is in use.
    config.ssl = context
    return config


def _publish_policy(handler: ReviewHandler) -> None:
    active = handler.policies.active
    expired = partial(_count_expired, handler)
    handler.metrics.policy(active.revision, expired)


def _count_expired(handler: ReviewHandler) -> int:
    today = datetime.datetime.now(datetime.UTC).date()
    return count_expired_exceptions(handler.policies.active.policy, today)


def reload_policy(handler: ReviewHandler, changed: Callable[[], None] = lambda: None) -> None:
    """Take up a changed policy, and count and log how that went; ``changed`` is called then, and
    also where the file cannot be used."""
    good = handler.policies.refresh()
    if good is None:
        return
    handler.metrics.reload(ok=good)
    if good:
        _publish_policy(handler)
        handler.log.event("info", "policy", revision=handler.policies.active.revision)
    else:
        handler.log.event("error", "policy", error=handler.policies.error)
    changed()


def reload_certificates(
    handler: ReviewHandler,
    certificates: Certificates,
    call: Callable[[Callable[[], None]], object],
) -> None:
    """Take up a changed certificate, and count and log how that went."""
    good = certificates.refresh(call)
    if good is None:
        return
    handler.metrics.certificate(certificates.pair.not_after.timestamp(), ok=good)
    if good:
        until = certificates.pair.not_after.isoformat()
        handler.log.event("info", "certificate", not_after=until)
        return
    handler.log.event("error", "certificate", error=certificates.error)


def follow_token(handler: ReviewHandler, token: TokenFile) -> Callable[[], None]:
    """A check that takes up a changed token; one that cannot be read changes nothing."""
    log = handler.log
    failures = FailureReport(lambda error: log.event("warning", "client-token", error=error))

    def check() -> None:
        try:
            token.refresh()
        except ValueError as error:
            failures.report(str(error))
        else:
            failures.clear()

    return check
