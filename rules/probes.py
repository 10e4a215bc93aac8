"""A container's probes: how long they wait, and the startup probe that a slow one needs."""

import re
from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.kinds.pods import Container
from rules.paths import dig
from rules.ports import find_port, known_server, names_no_port
from rules.record import NamedTuple
from rules.servers import find_server
from rules.type_names import Any

_IDLE_PROGRAMS = frozenset(
    "true : exit pgrep pidof ps kill echo sleep nvidia-smi rocm-smi amd-smi hl-smi".split()
)
"""They look at processes or devices, or at nothing: not at the server."""
_SHELL = frozenset({"sh", "bash", "ash", "-c", "-ec", "-lc", "exec"})
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
_V2_LIVE = "/v2/health/live"
"""Of the open inference protocol: up, whatever is loaded. Which server it is decides what that
means: Triton opens its ports after loading."""
_MOST_WORDS, _LONGEST = 64, 4096
_KEYS = ("ssl-keyfile", "ssl-certfile")
"""Flags by which a server (vLLM, uvicorn) is given its certificate."""
_HOSTS = ("--host", "--hostname", "HOST")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DEFAULTS = {"initialDelaySeconds": 0, "periodSeconds": 10, "failureThreshold": 3}


class Budget(NamedTuple):
    """How long a probe waits until it has failed for good: at least ``least`` seconds (its first
    look may come a period early), at most ``seconds``."""

    delay: int
    period: int
    failures: int

    @property
    def least(self) -> int:
        return self.seconds - self.period

    @property
    def seconds(self) -> int:
        return self.delay + self.period * self.failures


def probes_of(container: Container) -> Iterator[Mapping[str, Any]]:
    """The probes of a container."""
    for name in PROBES:
        probe = container.get(name)
        if isinstance(probe, dict):
            yield probe


def can_fail(probe: Mapping[str, Any]) -> bool:
    """Whether a probe asks the server anything: a command that only looks for its process, or
    ends well whatever there is, does not."""
    words = dig(probe, ("exec", "command"))
    if not isinstance(words, list):
        return True
    text = " ".join(map(str, words[:_MOST_WORDS]))[:_LONGEST]
    programs = [_find_program(command) for command in re.split(r"[;&|\n]+", text)]
    return not any(programs) or not set(filter(None, programs)) <= _IDLE_PROGRAMS


def _find_program(command: str) -> str:
    """The program that a simple command runs; empty where it runs none."""
    names = (word.strip("\"'").rpartition("/")[2] for word in command.split())
    return next((name for name in names if name and name not in _SHELL), "")


def serves_unloaded(command: CommandLine) -> bool:
    """Whether a container's server answers before any model is loaded."""
    server = known_server(command)
    return server is not None and server.answers_unloaded(command.value)


def answers_unloaded(command: CommandLine) -> bool | None:
    """Whether a container's liveness probe is answered before any model is loaded, so that it
    cannot kill the load; None where that is not sure."""
    server = known_server(command)
    path = command.container.get("livenessProbe", "httpGet", "path")
    if server is None:
        return None if path == _V2_LIVE else False
    if not server.answers_unloaded(command.value):
        return False
    return None if path == server.ready != server.live or _asks_for_a_model(path) else True


def _asks_for_a_model(path: Any) -> bool:
    """``/models/t5`` and ``/v2/models/t5/ready`` are of a model, whatever the server says of
    itself."""
    return isinstance(path, str) and bool(path.partition("/models/")[2])


def read_budget(probe: Mapping[str, Any]) -> Budget | None:
    """A probe's budget with the API's defaults, which null and 0 come to as well; None where a
    number is a template.

    Source: ``pkg/apis/core/v1`` (SetDefaults_Probe).
    """
    numbers = [probe.get(key) or default for key, default in _DEFAULTS.items()]
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        return None
    return Budget(*numbers)


def make_startup_probe(
    command: CommandLine, seconds: int, *, measured: bool = False
) -> tuple[dict[str, Any], bool] | None:
    """A startup probe that waits for at least ``seconds``, and whether it is safe to add. It asks
    what another probe of the container does, and waits no less than that one; else its image tells
    what to ask, and None where that is not known either.

    Beside a liveness probe it can only give time. Where nothing restarted the container before, it
    is safe if the seconds are ``measured`` by the model, and no guess.
    """
    name, own = _find_own(command.container)
    budget = read_budget(own)
    handler = _read_handler(own) or known_handler(command)
    if handler is None:
        return None
    timeout = own.get("timeoutSeconds")
    patience = max(5, timeout) if isinstance(timeout, int) else 5
    times = {"periodSeconds": 10, "timeoutSeconds": patience}
    waits = max(seconds, budget.seconds if own and budget else 0)
    sure = budget is not None and (name == "livenessProbe" or (name != "" and measured))
    return {**handler, **times, "failureThreshold": -(-waits // 10)}, sure


def own_handler(container: Container) -> dict[str, Any]:
    """What one of a container's own probes asks; empty where none can be asked."""
    return _read_handler(_find_own(container)[1])


def _find_own(container: Container) -> tuple[str, Mapping[str, Any]]:
    """The first of its liveness, readiness and startup probes that asks something, with its name;
    both are empty where none does."""
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if not isinstance(probe, dict) or not can_fail(probe) or _asks_no_port(probe, container):
            continue
        if _read_handler(probe):
            return name, probe
    return "", {}


def _read_handler(probe: Mapping[str, Any]) -> dict[str, Any]:
    return {key: probe[key] for key in _HANDLERS if probe.get(key) is not None}


def _asks_no_port(probe: Mapping[str, Any], container: Container) -> bool:
    """Whether it asks a port by a name that the container gives to none: it fails for ever."""
    asked = (dig(probe, (handler, "port")) for handler in _HANDLERS)
    return any(names_no_port(container, port) for port in asked)


def known_handler(command: CommandLine) -> dict[str, Any] | None:
    """What asks a server by its image whether it is ready; None where image or port is unknown."""
    server = find_server(command.image)
    port = None if server is None else find_port(command, server)
    if server is None or server.ready is None or port is None or _is_hidden(command):
        return None
    asked: dict[str, Any] = {"path": server.ready, "port": port}
    if command.flag(*_KEYS) is not None:
        asked["scheme"] = "HTTPS"
    return {"httpGet": asked}


def _is_hidden(command: CommandLine) -> bool:
    """Whether a server is told to be found within its pod alone, as behind a proxy, or by gRPC: the
    kubelet asks the pod's address."""
    return command.setting(*_HOSTS) in _LOOPBACK or command.value("allow-http") == "false"
