"""AIBrix (orchestration.aibrix.ai/v1alpha1): roles that serve a model together, and fleets of Ray.

Source: vllm-project/aibrix ``api/orchestration/v1alpha1`` (``roleset_types.go``,
``stormservice_types.go``, ``podset_types.go``, ``rayclusterfleet_types.go``).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod, multiply, read_count
from rules.kinds.ray import cluster_places, read_cluster_pods
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path

_GROUP = "orchestration.aibrix.ai"

_NESTED: Path = ("spec", "template", "spec")
_STORM: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.PAUSED: ("paused", False, CONTROLLER),
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "RollingUpdate"),
    facts.MAX_SURGE: ("updateStrategy.maxSurge",),
    facts.MAX_UNAVAILABLE: ("updateStrategy.maxUnavailable",),
}
_ROLE_SET: FactRows = {facts.GANG_POLICY: ("schedulingStrategy",)}
_ROLE: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.GROUP_SIZE: ("podGroupSize",),
    facts.GANG_POLICY: ("schedulingStrategy",),
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "Recreate"),
    facts.MAX_SURGE: ("updateStrategy.maxSurge",),
    facts.MAX_UNAVAILABLE: ("updateStrategy.maxUnavailable",),
}
_POD_SET: FactRows = {
    facts.GROUP_SIZE: ("podGroupSize",),
    facts.GANG_POLICY: ("schedulingStrategy",),
    facts.GROUP_RESTART_POLICY: ("recoveryPolicy", "ReplaceUnhealthy"),
}
_REPLICA_SET: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.MIN_READY_SECONDS: ("minReadySeconds",),
}
_FLEET: FactRows = {
    **_REPLICA_SET,
    facts.PAUSED: ("paused", False, CONTROLLER),
    facts.UPDATE_STRATEGY: ("strategy.type",),
    facts.MAX_SURGE: ("strategy.rollingUpdate.maxSurge",),
    facts.MAX_UNAVAILABLE: ("strategy.rollingUpdate.maxUnavailable",),
    facts.PROGRESS_DEADLINE: ("progressDeadlineSeconds",),
}


def _role_pods(role_set: SpecView, groups: int | None) -> Iterator[Pod]:
    """The pods of each role; several of them may load one model together (a PodSet)."""
    for role in role_set.each("roles", EACH):
        size = read_count(role.dig("podGroupSize"))
        for template in role.each("template"):
            yield make_pod(
                template,
                name=str(role.dig("name") or ""),
                replicas=multiply(groups, read_count(role.dig("replicas")), size),
                nodes=size or 1,
            )


def _role_set_pods(role_set: SpecView, _ask: Ask) -> Iterator[Pod]:
    return _role_pods(role_set, 1)


def _storm_pods(role_set: SpecView, _ask: Ask) -> Iterator[Pod]:
    return _role_pods(role_set, read_count(role_set.manifest.dig("spec", "replicas")))


def _pod_set_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    size = read_count(spec.dig("podGroupSize"))
    for template in spec.each("template"):
        yield make_pod(template, replicas=size, nodes=size or 1)


def _places(root: Path) -> FactPlaces:
    return (root, _ROLE_SET), ((*root, "roles", EACH), _ROLE)


def _fleet(name: str, rows: FactRows) -> Kind:
    """A kind that keeps RayClusters, which run a server over several nodes."""
    return Kind(
        _GROUP,
        name,
        root=_NESTED,
        pods=read_cluster_pods,
        role=Role.SERVING,
        required=(_NESTED,),
        rows=((SPEC, rows), *cluster_places(_NESTED)),
        plural=f"{name.lower()}s",
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "StormService",
        root=_NESTED,
        pods=_storm_pods,
        role=Role.SERVING,
        required=(_NESTED,),
        rows=((SPEC, _STORM), *_places(_NESTED)),
        plural="stormservices",
    ),
    Kind(
        _GROUP,
        "RoleSet",
        pods=_role_set_pods,
        role=Role.SERVING,
        required=(("spec", "roles"),),
        rows=_places(SPEC),
        plural="rolesets",
    ),
    Kind(
        _GROUP,
        "PodSet",
        pods=_pod_set_pods,
        role=Role.SERVING,
        required=(("spec", "template"),),
        rows=((SPEC, _POD_SET),),
        plural="podsets",
    ),
    _fleet("RayClusterFleet", _FLEET),
    _fleet("RayClusterReplicaSet", _REPLICA_SET),
)
