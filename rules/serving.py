"""How long a model server may take to load, and how long its probes let it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rules.kinds.pods import Container, Pod
from rules.outputs import read_environment, read_texts
from rules.paths import Path, dig
from rules.quantity import GIBIBYTE, parse_quantity

LOAD_ANNOTATION = "mlgate.dev/model-load-seconds"

_SERVERS = re.compile(
    r"vllm|text-generation-inference|\btgi\b|sglang|tritonserver|trtllm|tensorrt-?llm|\bnim\b|nim/"
    r"|jetstream|maxengine|ray-llm|huggingfaceserver|llama\.?cpp|ollama|lmdeploy|mindie",
    re.IGNORECASE,
)
_NOT_SERVERS = re.compile(
    r"router|gateway|proxy|frontend|dashboard|[-_/]ui\b|webui|operator|controller|scheduler|epp\b"
    r"|sidecar|benchmark|lmcache|simulator|[-_]sim\b",
    re.IGNORECASE,
)
_SIZE = re.compile(r"(?<![\w.])(?:(\d{1,2})x)?(\d{1,4}(?:\.\d{1,3})?)b(?![a-z0-9])", re.IGNORECASE)
_STORE = ("hf://", "s3://", "gs://", "oci://", "modelscope://")
_SMALL = 3
_CUT = 8_000


class Load(NamedTuple):
    """Why a server is slow to load, and the seconds that it may need."""

    reason: str
    seconds: int


class Budget(NamedTuple):
    """How long a probe waits: at most ``seconds`` until it has failed for good."""

    delay: int
    period: int
    failures: int

    @property
    def seconds(self) -> int:
        return self.delay + self.period * self.failures


def read_budget(probe: Mapping[str, Any]) -> Budget | None:
    """A probe's budget with the API's defaults (0, 10, 3), which null and 0 come to as well; None
    where a number is a template."""
    numbers = [
        probe.get(key) or default
        for key, default in (
            ("initialDelaySeconds", 0),
            ("periodSeconds", 10),
            ("failureThreshold", 3),
        )
    ]
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        return None
    return Budget(*numbers)


def estimate_load(
    pod: Pod, container: Container, table: Mapping[str, Any], *, accelerated: bool
) -> Load | None:
    """How long the container's model may take to load; None where nothing says it is slow.

    ``table`` is the policy's ``slow_load_seconds``: seconds by size of the model.
    """
    stated = _stated(pod)
    if stated is not None:
        return Load(f"annotation {LOAD_ANNOTATION} says so", stated)
    image = str(container.get("image") or "")
    if _NOT_SERVERS.search(image) and not accelerated:
        return None
    size = read_size(container)
    reason = _reason(container, image, size, accelerated=accelerated)
    return None if reason is None else Load(reason, _seconds(size, table, pod.nodes))


def read_size(container: Container) -> float | None:
    """The model's size in billions of parameters as arguments and environment name it."""
    sizes = [
        float(match[2]) * int(match[1] or 1)
        for text in _model_texts(container)
        for match in _SIZE.finditer(text[:_CUT])
    ]
    return max((size for size in sizes if size <= 2000), default=None)


def _stated(pod: Pod) -> int | None:
    value = parse_quantity(dig(pod.metadata, ("annotations", LOAD_ANNOTATION)))
    return None if value is None or value <= 0 else int(value)


def _reason(
    container: Container, image: str, size: float | None, *, accelerated: bool
) -> str | None:
    """The first sign that the load is slow."""
    delay = dig(container.body, ("readinessProbe", "initialDelaySeconds"))
    memory = container.get("resources", "limits", "memory")
    fetches = any(store in text for text in _model_texts(container) for store in _STORE)
    signs = (
        (accelerated, "it has an accelerator"),
        (_SERVERS.search(image) is not None, f"its image is {image}"),
        (size is not None and size >= _SMALL, f"its model has {size or 0:g}B parameters"),
        (fetches, "it fetches its model"),
        (isinstance(delay, int) and delay >= 60, f"its readiness probe waits {delay} s"),
        ((parse_quantity(memory) or 0) >= 8 * GIBIBYTE, f"its memory limit is {memory}"),
    )
    return next((reason for sign, reason in signs if sign), None)


def _model_texts(container: Container) -> Iterator[str]:
    for _, text in read_texts(container):
        yield text
    for name, (value, _) in read_environment(container).items():
        if "MODEL" in name.upper():
            yield value
    for key in ("storageUri", "modelUri"):
        value = container.get(key)
        if isinstance(value, str):
            yield value


def _seconds(size: float | None, table: Mapping[str, Any], nodes: int) -> int:
    if nodes > 1 or (size is not None and size > 40):
        return int(table["larger"])
    if size is None or size <= _SMALL:
        return int(table["default"])
    return int(table["13B"] if size <= 13 else table["40B"])


def probe_path(container: Container, name: str) -> Path:
    """Where a probe stands, or would."""
    return (*container.path, name)
