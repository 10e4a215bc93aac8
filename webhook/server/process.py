"""The process: one event loop that judges, a thread for probes, a thread that watches files.

Its end is the part that users notice. The API server learns of a stopping replica seconds after
the replica does, so it goes on answering for a while, asks each client to come again elsewhere,
and only then closes. Idle TLS connections would hold the exit for 30 seconds: they are cut.
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
from webhook.observability.logs import Bridge
from webhook.server.app import Application, Desk
from webhook.server.probes import Probes, create_probes
from webhook.server.protocol import bound
from webhook.server.settings import count_expired
from webhook.server.watch import Watch

if TYPE_CHECKING:  # the kubernetes client is not for those who ask no cluster
    from webhook.replica.member import Member

KEEP_ALIVE = 120
"""Seconds; the API server drops an idle connection after 90, and must be the first to do so."""
CONNECTIONS = 1024
"""At a time; an API server keeps up to 25 that are idle."""
LAST_WORDS = 1.0
"""Seconds that clients have to take the last answers and close, before they are cut off."""
SWITCH = 0.0005
"""Seconds after which a thread that judges a large object lets the event loop go on."""
GC_THRESHOLDS = (20_000, 50, 1000)
"""A full collection with all of FastAPI in it takes 20 ms: it is frozen, and collected rarely."""


class Place(NamedTuple):
    """Where to listen, and how to end: seconds of going on after SIGTERM, and until the exit."""

    host: str = "0.0.0.0"  # noqa: S104 - a Service's traffic comes from anywhere
    port: int = 8443
    metrics_port: int = 8080
    shutdown_delay: float = 10.0
    grace: float = 25.0
    client_names: frozenset[str] = frozenset()


class Server(uvicorn.Server):
    """uvicorn, with signals and an end of our own."""

    def __init__(
        self, config: uvicorn.Config, desk: Desk, place: Place, resign: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._resign = resign
        self._desk = desk
        self._place = place
        self._last = 0.0

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT begin the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def stop(self) -> None:
        """Not ready from now on, closed after the delay; the second signal closes at once."""
        life, place = self._desk.life, self._place
        if life.stopping:
            self.should_exit = True
            return
        life.stopping = True
        threading.Thread(target=self._resign, name="resigning", daemon=True).start()
        self._last = time.monotonic() + place.grace
        self._desk.log.event("info", "stopping", delay=place.shutdown_delay, grace=place.grace)
        asyncio.get_running_loop().call_later(place.shutdown_delay, self._close)

    def _close(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; then everything that is there to stay is out of the collector's sight."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        sys.setswitchinterval(SWITCH)
        self._desk.life.started = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        self._desk.life.beat()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was begun, cut what is idle."""
        for listener in self.servers:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._wait(self.server_state.tasks, self._last - LAST_WORDS)
        await self._wait(self.server_state.connections, time.monotonic() + LAST_WORDS)
        for left in list(self.server_state.connections):
            left.transport.abort()
        self.force_exit = True
        await super().shutdown(sockets)

    async def _wait(self, busy: set[Any], until: float) -> None:
        while busy and time.monotonic() < until:
            self._desk.life.beat()
            await asyncio.sleep(0.02)


def serve(
    desk: Desk, certificates: Certificates, place: Place, member: "Member | None" = None
) -> int:
    """Serve until told to stop; the exit code. ``member``: the replica's part in a cluster."""
    bridge = Bridge(desk.log)
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).addHandler(bridge)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(desk, certificates, place, member))


async def _serve(
    desk: Desk, certificates: Certificates, place: Place, member: "Member | None"
) -> int:
    resign = member.resign if member else lambda: None
    server = Server(_configure(desk, certificates.context, place), desk, place, resign)
    loop = asyncio.get_running_loop()
    probes = Probes(create_probes(desk, certificates), place.host, place.metrics_port)
    looks = (
        partial(look_at_policy, desk, *([member.wake] if member else [])),
        partial(look_at_certificates, desk, certificates, loop.call_soon_threadsafe),
    )
    watch = Watch(looks, desk.log)
    _publish(desk, certificates)
    probes.start()
    watch.start()
    if member is not None:
        member.start(lambda: desk.life.started, desk.metrics)
    desk.log.event(
        "info", "starting", host=place.host, port=place.port, revision=desk.settings.active.revision
    )
    await server.serve()
    if member is not None:
        # Not by the loop's executor, whose threads the loop waits for when it is closed.
        leaving = threading.Thread(target=member.stop, name="leaving", daemon=True)
        leaving.start()
        leaving.join(LAST_WORDS)
    watch.stop()
    probes.stop()
    desk.log.event("info", "stopped")
    return 0


def _configure(desk: Desk, context: ssl.SSLContext, place: Place) -> uvicorn.Config:
    config = uvicorn.Config(
        Application(desk),
        host=place.host,
        port=place.port,
        http=bound(desk.limits.max_body, CONNECTIONS, place.client_names),
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
    config.ssl = context
    return config


def _publish(desk: Desk, certificates: Certificates) -> None:
    _publish_policy(desk)
    desk.metrics.certificate(certificates.pair.not_after.timestamp(), ok=True)


def _publish_policy(desk: Desk) -> None:
    active = desk.settings.active
    desk.metrics.policy(active.revision, lambda: count_expired(active.policy, _today()))


def look_at_policy(desk: Desk, follow: Callable[[], None] = lambda: None) -> None:
    """Take up a changed policy; count and log how that went. ``follow`` is called then."""
    changed = desk.settings.refresh()
    if changed is None:
        return
    desk.metrics.reload(ok=changed)
    if changed:
        _publish_policy(desk)
        desk.log.event("info", "policy", revision=desk.settings.active.revision)
        follow()
        return
    desk.log.event("error", "policy", error=desk.settings.error)


def look_at_certificates(
    desk: Desk, certificates: Certificates, call: Callable[[Callable[[], None]], object]
) -> None:
    """Take up a changed certificate; count and log how that went."""
    changed = certificates.refresh(call)
    if changed is None:
        return
    desk.metrics.certificate(certificates.pair.not_after.timestamp(), ok=changed)
    if changed:
        until = certificates.pair.not_after.isoformat()
        desk.log.event("info", "certificate", not_after=until)
        return
    desk.log.event("error", "certificate", error=certificates.error)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
