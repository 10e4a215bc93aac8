"""AIBrix (orchestration.aibrix.ai/v1alpha1): roles that serve a model together, and fleets of Ray.

Source: vllm-project/aibrix ``api/orchestration/v1alpha1`` (``roleset_types.go``,
``stormservice_types.go``, ``podset_types.go``, ``rayclusterfleet_types.go``, ``kvcache_types.go``)
and ``api/autoscaling/v1alpha1/podautoscaler_types.go``; an autoscaler that has no metrics does
nothing (``pkg/controller/podautoscaler/autoscaler.go``).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.autoscaling import SCALING, read_target, scaling_fact
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes
from rules.kinds.podspec import make_pod, multiply, read_count
from rules.kinds.ray import cluster_places, read_cluster_pods
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows
from rules.kinds.schema import SPEC, Autoscaler, Kind, Measure
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

_CACHE: FactRows = {facts.REPLICAS: ("replicas",)}
_CACHE_PARTS: tuple[tuple[str], ...] = (("cache",), ("watcher",))
_SCALER: FactRows = {
    facts.SCALE_TARGET: ("scaleTargetRef",),
    facts.MIN_REPLICAS: ("minReplicas", 1, CONTROLLER),
    facts.MAX_REPLICAS: ("maxReplicas",),
    facts.METRICS: ("metricsSources",),
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


def _cache_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The cache and what watches it, where they have templates; they load no model."""
    for place in _CACHE_PARTS:
        for part in spec.each(*place):
            count = read_count(part.dig("replicas"))
            for template in part.each("template"):
                yield make_pod(template, name=place[-1], probes=Probes.NONE, replicas=count)


def _scalers(spec: SpecView) -> Iterator[Autoscaler]:
    """What scales by metrics, or by the hour alone."""
    sources = spec.value("metricsSources")
    scheduled = sources.absent and bool(spec.dig("schedules"))
    yield Autoscaler(
        sources,
        defined=sources.unknown or bool(sources.value) or scheduled,
        what="spec.metricsSources",
        target=read_target(spec.below("scaleTargetRef")),
        measures=tuple(map(_measure, spec.each("metricsSources", EACH))),
    )


def _measure(source: SpecView) -> Measure:
    name = source.dig("targetMetric")
    used = source.dig("metricSourceType") == "resource" and name in ("cpu", "memory")
    return Measure(source.path, name if used else None)


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
    Kind(
        _GROUP,
        "KVCache",
        pods=_cache_pods,
        role=Role.OTHER,
        required=(("spec", "cache"),),
        rows=((("spec", "cache"), _CACHE),),
        plural="kvcaches",
    ),
    Kind(
        "autoscaling.aibrix.ai",
        "PodAutoscaler",
        autoscalers=_scalers,
        required=(("spec", "scaleTargetRef"),),
        rows=((SPEC, _SCALER),),
        facts={SCALING: scaling_fact(_scalers, ("minReplicas", 1), ("maxReplicas", None))},
        plural="podautoscalers",
    ),
)
