"""The shape of a Ray cluster: its release, its containers' resources, the bounds of its groups.

Source: kuberay ``ray-operator/controllers/ray/common/pod.go`` (num-cpus and memory of the limits),
``raycluster_controller.go`` and ``utils/validation.go`` (restart policies under the autoscaler).
"""

from collections.abc import Iterable, Iterator

from rules.image import parse_image
from rules.kinds import facts
from rules.kinds.pods import Container, Pod
from rules.kinds.roles import Role, Subrole
from rules.lazy_pattern import LazyPattern
from rules.model import Value
from rules.paths import Path
from rules.quantity import parse_quantity
from rules.releases import read_release
from rules.requests import CPU, MEMORY, read_asked
from rules.type_names import Any
from rules.workload import Workload

_RAY_IMAGE = LazyPattern(r"(?:.*/)?rayproject/ray(-ml|-llm)?\Z")
_RELEASE = LazyPattern(r"v?([0-9]+\.[0-9]+\.[0-9]+)(?=[-.]|\Z)")
_FAULT_TOLERANT = ("metadata", "annotations", "ray.io/ft-enabled")
_CONTAINERS = (Subrole.RAY_HEAD, Subrole.WORKER)


def list_ray_pods(workload: Workload) -> list[tuple[Pod, Container]]:
    """The pods of a cluster, each with the container that Ray runs in: the first."""
    pods = [pod for pod in workload.pods if pod.subrole in _CONTAINERS]
    return [(pod, pod.mains[0]) for pod in pods if pod.mains]


def find_other_releases(
    workload: Workload, containers: Iterable[Container]
) -> Iterator[tuple[Value, str]]:
    """``rayVersion`` and the release of Ray in the first image that has another one."""
    version = workload.at(facts.RAY_VERSION)
    said = read_release(str(version.value)) if version is not None and version.written else ()
    for container in containers if said else ():
        image = parse_image(str(container.get("image") or ""))
        found = _RELEASE.match(image.tag) if _RAY_IMAGE.match(image.repository) else None
        if version is not None and found is not None and read_release(found[1]) != said:
            yield version, found[1]
            return


def find_shares(workload: Workload, pod: Pod, container: Container) -> Iterator[tuple[Path, str]]:
    """What Ray takes for whole and is none: parts of a cpu, and what the node may not have."""
    path, _ = workload.resources(container)
    value = workload.at(facts.START_PARAMETERS, pod)
    told = value.value if value is not None and isinstance(value.value, dict) else {}
    names = (CPU, MEMORY)
    for name, asked in zip(names, read_asked(workload, pod, container, *names), strict=True):
        if name in told or ("num-cpus" in told and name == CPU):
            continue
        cpus = parse_quantity(asked.limit)
        if name == CPU and cpus is not None and cpus % 1:
            found = f"is {asked.limit}, which Ray rounds up; expected a whole number"
            yield (*path, "limits", name), found
        elif asked.bursts:
            found = f"is {asked.request}, but Ray schedules by the limit; expected {asked.limit}"
            yield (*path, "requests", name), found


def find_head_memory(workload: Workload) -> Iterator[tuple[Path, Any]]:
    """The head's memory limit, and where it stands."""
    for pod, container in list_ray_pods(workload):
        if pod.subrole is Subrole.RAY_HEAD:
            place = (*workload.resources(container)[0], "limits", MEMORY)
            for asked in read_asked(workload, pod, container, MEMORY):
                yield place, asked.limit


def find_restarting(workload: Workload) -> Iterator[tuple[Value, str]]:
    """The restart policies that do not work with the autoscaler, and their effect."""
    scaling, release = (
        workload.at(fact) for fact in (facts.RAY_AUTOSCALING, facts.RAY_AUTOSCALER_VERSION)
    )
    if scaling is None or scaling.value is not True:
        return
    second = release is not None and release.value == "v2"
    effect = "KubeRay makes no such cluster" if second else "the autoscaler replaces what has ended"
    for pod, _ in list_ray_pods(workload):
        policy = workload.at(facts.POD_RESTART_POLICY, pod)
        scaled = second or pod.subrole is Subrole.WORKER
        if policy is not None and scaled and policy.written and policy.value != "Never":
            yield policy, effect


def find_fixed_groups(workload: Workload) -> list[Value]:
    """The upper bounds of a scaled cluster's groups, where each equals the lower one."""
    scaling = workload.at(facts.RAY_AUTOSCALING)
    if scaling is None or scaling.value is not True:
        return []
    least, most = workload.each(facts.MIN_REPLICAS), workload.each(facts.MAX_REPLICAS)
    pairs = list(zip(least, most, strict=True))
    fixed = [high for low, high in pairs if high.written and low.number == high.number]
    return fixed if len(fixed) == len(pairs) else []


def find_lone_heads(workload: Workload) -> Iterator[Value]:
    """Where a cluster that serves would say what outlives its head, and does not."""
    options = workload.at(facts.FAULT_TOLERANCE)
    annotated = str(workload.manifest.dig(*_FAULT_TOLERANT)).lower() == "true"
    if workload.role is Role.SERVING and options is not None and options.absent and not annotated:
        yield options
