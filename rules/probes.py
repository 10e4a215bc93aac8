"""A container's probes: how long they wait, and the startup probe that a slow one needs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rules.kinds.pods import Container

_HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
_DEFAULTS = {"initialDelaySeconds": 0, "periodSeconds": 10, "failureThreshold": 3}
_HEALTH = (
    (("vllm", "sglang", "text-generation-inference", "llama.cpp", "llamacpp"), "/health", 8000),
    (("tritonserver",), "/v2/health/ready", 8000),
    (("mlserver", "huggingfaceserver"), "/v2/health/ready", 8080),
    (("ollama",), "/", 11434),
    (("nim/", "/nim"), "/v1/health/ready", 8000),
)
"""Words in a model server's image, its health endpoint and its usual port."""


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


def read_budget(probe: Mapping[str, Any]) -> Budget | None:
    """A probe's budget with the API's defaults, which null and 0 come to as well; None where a
    number is a template.

    Source: ``pkg/apis/core/v1`` (SetDefaults_Probe).
    """
    numbers = [probe.get(key) or default for key, default in _DEFAULTS.items()]
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        return None
    return Budget(*numbers)


def make_startup_probe(container: Container, seconds: int) -> tuple[dict[str, Any], bool] | None:
    """A startup probe that waits for at least ``seconds``, and whether it is sure to be answered:
    it asks what another probe of the container does. Else its image tells what to ask; None where
    that is not known either."""
    handler, timeout = _own_handler(container)
    sure = handler is not None
    handler = handler or _known_handler(container)
    if handler is None:
        return None
    times = {"periodSeconds": 10, "timeoutSeconds": max(5, timeout)}
    return {**handler, **times, "failureThreshold": -(-seconds // 10)}, sure


def _own_handler(container: Container) -> tuple[dict[str, Any] | None, int]:
    """The handler of the container's own liveness or readiness probe, and its time-out."""
    for name in ("livenessProbe", "readinessProbe"):
        probe = container.get(name)
        if not isinstance(probe, Mapping):
            continue
        handler = {key: probe[key] for key in _HANDLERS if probe.get(key) is not None}
        timeout = probe.get("timeoutSeconds")
        if handler:
            return handler, timeout if isinstance(timeout, int) else 1
    return None, 1


def _known_handler(container: Container) -> dict[str, Any] | None:
    """A server's usual health endpoint, by its image, on the container's own first port."""
    image = str(container.get("image") or "").lower()
    for names, path, usual in _HEALTH:
        if any(name in image for name in names):
            port = container.get("ports", 0, "containerPort")
            return {"httpGet": {"path": path, "port": port if isinstance(port, int) else usual}}
    return None
