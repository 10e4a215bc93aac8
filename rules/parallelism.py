"""How many processes a container starts, and how many accelerators there are for them."""

from collections.abc import Iterable, Iterator

from rules.commands import CommandFlag, CommandLine
from rules.holdings import find_holders
from rules.kinds.facts import (
    LOCAL_DATA_PARALLEL,
    PIPELINE_PARALLEL,
    PROCESSES_PER_NODE,
    SERVE_CONFIG,
    TENSOR_PARALLEL,
)
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.roles import Subrole
from rules.lazy_pattern import LazyPattern
from rules.model import Value
from rules.paths import EACH, Path, dig, expand
from rules.ports import known_server
from rules.quantity import parse_quantity
from rules.reader import read
from rules.record import NamedTuple
from rules.type_names import Any
from rules.whole_numbers import parse_whole
from rules.workload import SERVING, Workload

_ONE_EACH = ("nvidia.com/gpu", "nvidia.com/mig-", "amd.com/gpu", "habana.ai/gaudi")
"""Resources of which one process uses one; a Neuron device or a TPU chip has several cores."""

_LAUNCHERS = (
    (("torchrun", "torch.distributed.run", "torch.distributed.launch"), ("nproc-per-node",)),
    (("deepspeed",), ("num-gpus",)),
)
"""Programs, and the flag by which each is told how many processes to start in its container."""
_TENSOR = ("tensor-parallel-size", "tp-size", "tp", "num-shard")
_PIPELINE = ("pipeline-parallel-size", "pp-size", "pp")
_DATA = ("data-parallel-size-local", "data-parallel-size", "dp-size", "dp")
_VARIABLES = {"NIM": ("NIM_TENSOR_PARALLEL_SIZE", "NIM_PIPELINE_PARALLEL_SIZE")}
"""Variables that tell a server the same as flags do, by its name
(docs.nvidia.com/nim/large-language-models: configuration)."""
_SHARED_DATA = "enable-dp-attention"
"""With SGLang's flag the data-parallel ranks are among the tensor-parallel ones."""
_PER_NODE = LazyPattern(
    r"(?i)[_-]per[_-]node|npernode|\bppr:\d|-ppn\b|\btorchrun\b|\btorch\.distributed\."
    r"|accelerate +launch"
)
"""What is said of a node's processes, and programs of which MPI starts one on each node."""
_CHOSEN = "CUDA_VISIBLE_DEVICES"
_RAY = "distributed-executor-backend"
_ENGINE_SIZES = ("tensor_parallel_size", "pipeline_parallel_size")


class Parallelism(NamedTuple):
    """What a container is told to start, and what there is for it. ``told`` are the factors as
    messages show them; ``pods`` make up the group that loads one model together. ``whole`` is False
    where there may be others that use what is left."""

    path: Path
    told: tuple[str, ...]
    processes: int
    devices: int
    pods: int = 1
    whole: bool = True

    @property
    def supply(self) -> int:
        return self.devices * self.pods


def find_parallelism(workload: Workload) -> tuple[Parallelism, ...]:
    """That of each container that says how many processes it starts and asks for accelerators of
    which each uses one. Rules ask for it by ``workload.once``."""
    return tuple(_find_each(workload))


def _find_each(workload: Workload) -> Iterator[Parallelism]:
    serving = {pod.path for pod in workload.pods_of(SERVING)}
    for pod in workload.pods:
        for container in pod.mains:
            devices = count_devices(workload, container)
            if not devices:
                continue
            command, serves = workload.command(container), pod.path in serving
            found = _of_container(workload, pod, command, devices, serves=serves)
            if found is not None:
                yield found
    yield from _of_deployments(workload)


def _of_container(
    workload: Workload, pod: Pod, command: CommandLine, devices: int, *, serves: bool
) -> Parallelism | None:
    found = _of_launcher(workload, pod, command, devices)
    if not serves:
        return found
    # One process that a launcher starts to serve a model may spread it over all devices.
    return found._replace(whole=False) if found else _of_server(workload, pod, command, devices)


def _of_deployments(workload: Workload) -> Iterator[Parallelism]:
    """The ranks of each model that a Ray cluster serves, against all that its pods have at most
    (``engine_kwargs`` of Ray Serve's LLMConfig)."""
    configs = workload.each(SERVE_CONFIG)
    holders = workload.once(find_holders) if configs else ()
    if not holders or any(one.most is None for one in holders):
        return
    supply = int(sum(one.held for one in holders))
    for config in configs:
        for document in read(config.value) if isinstance(config.value, str) else ():
            for settings in _find_engines(getattr(document, "value", None)):
                told = tuple(f"{name} {count}" for name, count in settings.items())
                processes = _multiply(settings.values())
                yield Parallelism(config.path, told, processes, supply, whole=False)


def _find_engines(config: Any) -> Iterator[dict[str, int]]:
    """The sizes of each engine of a Serve config."""
    pattern = ("applications", EACH, "args", "llm_configs", EACH, "engine_kwargs")
    for _, engine in expand(config, pattern):
        sizes = {name: dig(engine, (name,)) for name in _ENGINE_SIZES}
        known = {name: one for name, one in sizes.items() if isinstance(one, int) and one > 0}
        if known:
            yield known


def count_devices(workload: Workload, container: Container) -> int | None:
    """How many accelerators a container is given; None where that is unknown, or where one of them
    serves several processes."""
    _, resources = workload.resources(container)
    limits = resources.get("limits") if isinstance(resources, dict) else None
    if not isinstance(limits, dict) or container.get("resources", "claims"):
        return None
    held = {
        str(name): amount
        for name, amount in limits.items()
        if workload.accelerators.match(str(name))
    }
    if not all(name.startswith(_ONE_EACH) and "shared" not in name for name in held):
        return None
    counts = [parse_quantity(amount) for amount in held.values()]
    return None if None in counts else int(sum(count or 0 for count in counts))


def _of_launcher(
    workload: Workload, pod: Pod, command: CommandLine, devices: int
) -> Parallelism | None:
    """The processes of a trainer's launcher, by its flag or by a field of its kind."""
    for programs, names in _LAUNCHERS:
        if any(program in command.script for program in programs):
            flags = [flag for flag in command.flags if flag.name.replace("_", "-") in names]
            if len(flags) == 1:
                return _tell(command, flags, devices)
    if "accelerate" in command.script and "launch" in command.script:
        return _of_accelerate(command, devices)
    value = workload.at(PROCESSES_PER_NODE, pod)
    count = _count(value)
    if value is None or count is None or not value.written or pod.subrole is Subrole.LAUNCHER:
        return None
    # What MPI starts once on a node may itself start a process for each of its devices.
    whole = pod.subrole is not Subrole.WORKER or not workload.once(_starts_others)
    return Parallelism(value.path, (f"{value.path[-1]} {count}",), count, devices, whole=whole)


def _starts_others(workload: Workload) -> bool:
    """Whether a container is told of processes or devices of a node by other means than a field."""
    lines = (workload.command(one) for pod in workload.pods for one in pod.containers)
    return any(_PER_NODE.search(text) for line in lines for text in _read_texts(line))


def _read_texts(command: CommandLine) -> Iterator[str]:
    yield command.script
    for name, (value, _) in command.environment.items():
        yield f"{name}={value}"


def _of_accelerate(command: CommandLine, devices: int) -> Parallelism | None:
    """Hugging Face's launcher, whose number of processes is that of all machines together."""
    flag, machines = command.flag("num-processes"), command.value("num-machines") or "1"
    number = parse_whole(machines)
    return None if flag is None or number is None else _tell(command, [flag], devices, number)


def _of_server(
    workload: Workload, pod: Pod, command: CommandLine, devices: int
) -> Parallelism | None:
    """The ranks of a model server: of its tensor, pipeline and data parallelism."""
    ray = command.value(_RAY) == "ray" or "ray start" in command.script
    if (ray and pod.nodes == 1) or pod.probes is Probes.NONE:
        return None
    server = known_server(command)
    if server is not None:
        variables = [one for one in _VARIABLES.get(server.name, ()) if one in command.variables]
        if variables:
            return _tell_variables(command, variables, devices, pod.nodes)
        data = () if command.flag(_SHARED_DATA) is not None else _DATA
        flags = [flag for names in (_TENSOR, _PIPELINE, data) if (flag := _last(command, names))]
        spread = command.flag("data-parallel-size") is not None and pod.nodes > 1
        if flags and not spread:
            return _tell(command, flags, devices, pod.nodes)
    return _of_fields(workload, pod, devices)


def _of_fields(workload: Workload, pod: Pod, devices: int) -> Parallelism | None:
    """The same by the fields of a kind. Where there are workers each stage of a pipeline has a pod
    of its own."""
    workers = any(one.subrole is Subrole.WORKER for one in workload.pods)
    facts = (TENSOR_PARALLEL, LOCAL_DATA_PARALLEL, *(() if workers else (PIPELINE_PARALLEL,)))
    values = [value for fact in facts if (value := workload.at(fact, pod)) and value.written]
    counts = [_count(value) for value in values]
    if not values or None in counts:
        return None
    told = tuple(f"{value.path[-1]} {value.value}" for value in values)
    processes, pods = _multiply(count or 1 for count in counts), 1 if workers else pod.nodes
    return Parallelism(values[0].path, told, processes, devices, pods)


def _tell(
    command: CommandLine, flags: list[CommandFlag], devices: int, pods: int = 1
) -> Parallelism | None:
    """None where a number is not known, or the command makes more of the devices than can be
    told."""
    nodes = command.value("nnodes") if known_server(command) else None
    chosen = _CHOSEN in command.script or _CHOSEN in command.environment
    if chosen or (nodes is not None and pods == 1):
        return None
    sizes = [(f"--{flag.name}", command.expand(flag.value)) for flag in flags]
    return _read_sizes(sizes, flags[0].path, devices, pods)


def _tell_variables(
    command: CommandLine, names: list[str], devices: int, pods: int
) -> Parallelism | None:
    if _CHOSEN in command.environment:
        return None
    sizes = [(name, command.setting(name) or "") for name in names]
    return _read_sizes(sizes, command.environment[names[0]].path, devices, pods)


def _read_sizes(
    sizes: list[tuple[str, str]], path: Path, devices: int, pods: int
) -> Parallelism | None:
    """The product of some sizes, each with its source; None if one is not a number."""
    numbers = [parse_whole(size) for _, size in sizes]
    if None in numbers:
        return None
    told = tuple(f"{name} {size}" for name, size in sizes)
    return Parallelism(path, told, _multiply(one or 0 for one in numbers), devices, pods)


def _last(command: CommandLine, names: tuple[str, ...]) -> CommandFlag | None:
    return command.flag(*names) if names else None


def _count(value: Value | None) -> int | None:
    text = "" if value is None or value.unknown else str(value.value)
    return parse_whole(text)


def _multiply(numbers: Iterable[int]) -> int:
    product = 1
    for number in numbers:
        product *= number
    return product
