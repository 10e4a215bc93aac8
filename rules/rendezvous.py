"""How the pods of a workload find each other, if they compute as one."""

from rules.closed_set import StrEnum
from rules.commands import CommandLine
from rules.lazy_pattern import LazyPattern
from rules.workload import Workload

_LAUNCHERS = frozenset(
    """
    torchrun torch.distributed.run torch.distributed.launch accelerate deepspeed mpirun mpiexec
    horovodrun colossalai
    """.split()
)
_ADDRESSES = frozenset({"MASTER_ADDR", "PET_MASTER_ADDR", "JAX_COORDINATOR_ADDRESS"})
_RANGE = LazyPattern(r"\d+:\d+\Z")
_BACKEND = ("rdzv-backend", "rdzv_backend")
_ELASTIC_FLAGS = ("min-np", "min_np", "host-discovery-script", "host_discovery_script")


class Rendezvous(StrEnum):
    """``STATIC``: a given number of ranks that meet once. ``DYNAMIC``: they meet again after a
    failure, as many as before. ``ELASTIC``: ranks come and go. ``NONE``: nothing shows that the
    pods know of each other."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    ELASTIC = "elastic"
    NONE = "none"


def find_rendezvous(workload: Workload) -> Rendezvous:
    """How the training pods of a workload find each other."""
    pods = workload.training_pods
    if any(pod.restart is not None and pod.restart.elastic for pod in pods):
        return Rendezvous.ELASTIC
    commands = [workload.command(main) for pod in pods for main in pod.mains]
    if any(map(_is_elastic, commands)):
        return Rendezvous.ELASTIC
    if any(command.value(*_BACKEND) not in (None, "static") for command in commands):
        return Rendezvous.DYNAMIC
    return Rendezvous.STATIC if any(map(_joins, commands)) else Rendezvous.NONE


def _is_elastic(command: CommandLine) -> bool:
    nodes = command.value("nnodes") or ""
    return (":" in nodes and bool(_RANGE.match(nodes))) or command.flag(*_ELASTIC_FLAGS) is not None


def _joins(command: CommandLine) -> bool:
    if _ADDRESSES & command.environment.keys():
        return True
    named = [name for name in _LAUNCHERS if name in command.script]  # few are
    if not named or _LAUNCHERS.isdisjoint(_list_programs(command)):
        return False
    return _spans_nodes(command)


def _list_programs(command: CommandLine) -> list[str]:
    return [word.text.rpartition("/")[2] for word in command.words]


def _spans_nodes(command: CommandLine) -> bool:
    """Whether the launcher's command names more than one node; otherwise it runs alone."""
    nodes = command.value("nnodes", "num_machines", "num_nodes")
    told = ("master-addr", "rdzv-endpoint", "main_process_ip", "hostfile", "node-rank")
    return nodes not in (None, "1") or command.flag(*told) is not None
