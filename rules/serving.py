"""How long a model server may take to load."""

from collections.abc import Iterator, Mapping
from re import Match

from rules.accelerators import claims_accelerator
from rules.annotations import LOAD_ANNOTATION
from rules.commands import CommandLine
from rules.kinds.pods import Container, Pod, Probes
from rules.lazy_pattern import LazyPattern
from rules.model import Confidence
from rules.paths import Path, dig
from rules.ports import listens, numbers_told, only_joins
from rules.probes import answers_unloaded
from rules.quantity import GIBIBYTE, parse_quantity
from rules.record import NamedTuple
from rules.servers import find_server, is_part, is_simulator
from rules.type_names import Any
from rules.workload import SERVING, Workload

SLOW_LOAD = "serving.slow_load_seconds"
"""Where the policy says how long models may load, below its ``parameters``."""

_SIZE = LazyPattern(r"(?<![\w.])(?:(\d{1,2})x)?(\d{1,4}(?:\.\d{1,3})?)b(?![a-z0-9])")
_EXPERTS = {"17b-16e": 109, "17b-128e": 400}
"""Billions of parameters of Llama 4, whose names tell those of one token and how many experts there
are (``llama-models/models/llama4/MODEL_CARD.md``)."""
_BITS = LazyPattern(
    r"(?<![a-z0-9])(?:i?q([2-8])[_-]?(?:k(?:[_-]?(?:xl|[sml]))?|nl|x{0,2}s|[01sm])?"
    r"|(?:int|fp|nvfp|mxfp|nf)([48])|w([48])a\d{1,2}|([48])-?bits?|(?:awq|gptq))(?![a-z0-9])"
)
"""How names of models tell the bits of a weight: ``Q4_K_M``, ``IQ3_XXS``, ``int8``, ``NVFP4``,
``w4a16``, ``bnb-4bit``; AWQ and GPTQ are of 4 bits where they do not say else."""
_PLAIN_BITS, _QUANTIZED = 16, 4
_LARGEST = 2000
"""Billions of parameters; what says more is no model's size."""
_LONGEST = 128
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_STORE = ("hf://", "s3://", "gs://", "oci://", "modelscope://")
_SMALL = 3
_CACHES = frozenset({"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE"})
_CACHED = "its environment names a cache of models"
"""Of small ones perhaps: a sign that denies nothing."""
_LITTLE_MEMORY = 4 * GIBIBYTE


class ModelSize(NamedTuple):
    """How large a model is: ``billions`` of parameters, and the ``bits`` of each."""

    billions: float
    bits: int

    @property
    def loaded(self) -> float:
        """As many billions of parameters in full as take as long to load."""
        return self.billions * self.bits / _PLAIN_BITS

    def __str__(self) -> str:
        quantized = "" if self.bits == _PLAIN_BITS else f" of {self.bits} bits"
        return f"{self.billions:g}B parameters{quantized}"


class Load(NamedTuple):
    """Why a server is slow to load, and the seconds that it may need. ``measured`` is False where
    nothing is known of how large its model is; ``sure`` is False where it may then well be small,
    or where its liveness probe may be answered before it has loaded anything."""

    reason: str
    seconds: int
    sure: bool = True
    measured: bool = True

    def surely_exceeds(self, seconds: int) -> bool:
        """Whether so many are too few: of a guess half may be enough."""
        return seconds * (1 if self.measured else 2) < self.seconds

    @property
    def advice(self) -> str:
        return f"expected a startupProbe of at least {self.seconds} s ({self.reason})"


class SlowServer(NamedTuple):
    """A container that may load a model for long."""

    pod: Pod
    container: Container
    load: Load


def find_slow_servers(workload: Workload) -> tuple[SlowServer, ...]:
    """The containers that may load a model for long: in a pod with accelerators those that ask
    for one, else all that do its work. Servers that answer before a model is loaded are none of
    them. Rules ask for it by ``workload.once``."""
    return tuple(_find_slow(workload, workload.parameters["serving"]["slow_load_seconds"]))


def _find_slow(workload: Workload, table: Mapping[str, Any]) -> Iterator[SlowServer]:
    """``table`` is the policy's: seconds by size of the model."""
    for pod in workload.pods_of(SERVING):
        if pod.probes is Probes.NONE or not pod.complete:
            continue
        loading = [main for main in pod.mains if _is_accelerated(workload, pod, main)]
        for container in loading or pod.mains:
            command = workload.command(container)
            if workload.kind.role is None and not _is_asked(command):
                continue  # a consumer of a queue, of which nobody expects an answer
            load = estimate_load(pod, command, table, accelerated=bool(loading))
            early = None if load is None else answers_unloaded(command)
            if load is not None and early is not True:
                yield SlowServer(pod, container, load._replace(sure=load.sure and early is False))


def _is_asked(command: CommandLine) -> bool:
    """Whether the container can be asked for something, if only by a probe."""
    return not only_joins(command) and (
        any(map(command.container.get, _PROBES)) or listens(command)
    )


def lower_confidence(workload: Workload, pod: Pod) -> Confidence | None:
    """The confidence of a finding on a guess: less than that of a role that is sure; None for that
    of the role."""
    judgement = workload.judgements_by_path[pod.path]
    return Confidence.MEDIUM if judgement.confidence is Confidence.HIGH else None


def find_told_ports(workload: Workload, path: Path) -> frozenset[int]:
    """The ports at which something in the pod at ``path`` may listen: its containers share them."""
    pods = [pod for pod in workload.pods if pod.path == path]
    commands = [workload.command(one) for pod in pods for one in pod.containers]
    return frozenset().union(*map(numbers_told, commands))


def _is_accelerated(workload: Workload, pod: Pod, container: Container) -> bool:
    _, resources = workload.resources(container)
    held = workload.accelerators.holds(resources) or workload.accelerators.shared_by(pod.metadata)
    return held or claims_accelerator(pod, container)


def estimate_load(
    pod: Pod, command: CommandLine, table: Mapping[str, Any], *, accelerated: bool
) -> Load | None:
    """How long the container's model may take to load; None where nothing says it is slow."""
    stated = _stated(pod)
    if stated is not None:
        return Load(f"annotation {LOAD_ANNOTATION} says so", stated)
    if is_simulator(command.image) or (is_part(command.image) and not accelerated):
        return None
    size = read_size(command)
    sign = _find_sign(command, size, accelerated=accelerated)
    if sign is None:
        return None
    load = _weigh(sign, size, table, pod.nodes)
    return load._replace(sure=load.measured or (sign != _CACHED and not _holds_little(command)))


def _holds_little(command: CommandLine) -> bool:
    """Whether a container's memory is too small for a model that loads for minutes."""
    memory = parse_quantity(command.container.get("resources", "limits", "memory"))
    return memory is not None and memory < _LITTLE_MEMORY


def read_size(command: CommandLine) -> ModelSize | None:
    """The model's size as arguments and environment name it; the largest of several."""
    return command.once(_find_size)


def _find_size(command: CommandLine) -> ModelSize | None:
    told = "\n".join(_model_texts(command)).lower()
    sizes = [_read_match(told, match) for match in _SIZE.finditer(told)]
    # Of a file beside it, such as that of its eyes, the folder's name tells the size alone.
    quantized = {size.billions: size for size in sizes if size.bits != _PLAIN_BITS}
    likely = (quantized.get(one.billions, one) for one in sizes if one.billions <= _LARGEST)
    return max(likely, key=lambda size: size.loaded, default=None)


def _read_match(told: str, match: Match[str]) -> ModelSize:
    """The size that a name tells, and the bits that stand behind it in the same name."""
    start, end = match.span()
    experts = (size for name, size in _EXPERTS.items() if told.startswith(name, start))
    billions = next(experts, float(match[2]) * int(match[1] or 1))
    rest = told[end : end + _LONGEST].split(None, 1)
    bits = None if not rest or told[end].isspace() else _BITS.search(rest[0])
    if bits is None:
        return ModelSize(billions, _PLAIN_BITS)
    return ModelSize(billions, next((int(one) for one in bits.groups() if one), _QUANTIZED))


def _stated(pod: Pod) -> int | None:
    value = parse_quantity(dig(pod.metadata, ("annotations", LOAD_ANNOTATION)))
    return None if value is None or value <= 0 else int(value)


def _find_sign(command: CommandLine, size: ModelSize | None, *, accelerated: bool) -> str | None:
    """The first sign that the load is slow."""
    return "it has an accelerator" if accelerated else next(_list_signs(command, size), None)


def _list_signs(command: CommandLine, size: ModelSize | None) -> Iterator[str]:
    container, server = command.container, find_server(command.image)
    if server is not None and server.slow:
        yield f"its image is {container.get('image')}"
    if size is not None and size.billions >= _SMALL:
        yield f"its model has {size}"
    spoken = "\n".join(_spoken_texts(command))
    if any(store in spoken for store in _STORE):
        yield "it fetches its model"
    delay = container.get("readinessProbe", "initialDelaySeconds")
    if isinstance(delay, int) and delay >= 60:
        yield f"its readiness probe waits {delay} s"
    memory = container.get("resources", "limits", "memory")
    if (parse_quantity(memory) or 0) >= 8 * GIBIBYTE:
        yield f"its memory limit is {memory}"
    if not _CACHES.isdisjoint(command.variables):
        yield _CACHED


def _spoken_texts(command: CommandLine) -> Iterator[str]:
    """The texts in a container's command and environment that may name its model."""
    for text, _ in command.texts:
        yield text
    for name, (value, _) in command.environment.items():
        if "MODEL" in name.upper():
            yield value


def _model_texts(command: CommandLine) -> Iterator[str]:
    """The same, and what an init container fetches before any probe runs (KServe's
    ``storageUri``): that says how large the model is, and not that fetching it takes long."""
    yield from _spoken_texts(command)
    for key in ("storageUri", "modelUri"):
        value = command.container.get(key)
        if isinstance(value, str):
            yield value


def _weigh(sign: str, size: ModelSize | None, table: Mapping[str, Any], nodes: int) -> Load:
    """The seconds of the policy's table, with what chose its row and the row's name."""
    row, reason = _choose_row(size, nodes)
    told = f"{reason or sign}; policy: {SLOW_LOAD}.{row}"
    return Load(told, int(table[row]), measured=reason is not None)


def _choose_row(size: ModelSize | None, nodes: int) -> tuple[str, str | None]:
    """A row of the table, and what makes it another than the first."""
    if nodes > 1:
        return "larger", f"it loads over {nodes} nodes"
    if size is None or size.loaded <= _SMALL:
        return "default", None
    rows = (("13B", 13), ("40B", 40))
    row = next((row for row, most in rows if size.loaded <= most), "larger")
    return row, f"its model has {size}"
