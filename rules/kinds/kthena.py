"""kthena (workload.serving.volcano.sh/v1alpha1): groups of roles that serve a model together.

Source: volcano-sh/kthena ``pkg/apis/workload/v1alpha1`` (``model_serving_types.go``,
``servinggroup_types.go``, ``model_booster_types.go``) and
``pkg/model-booster-controller/convert/templates``, which bring the pods of a ModelBooster probes.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes
from rules.kinds.podspec import make_container, make_pod, multiply, read_count, silence_worker
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path

_GROUP = "workload.serving.volcano.sh"

_ROLES: Path = ("template", "roles", EACH)
_SERVING: FactRows = {
    facts.REPLICAS: ("replicas", 1),
    facts.SCHEDULER: ("schedulerName", "volcano"),
    facts.PLUGINS: ("plugins",),
    facts.GANG_POLICY: ("template.gangPolicy",),
    facts.GROUP_RESTART_POLICY: ("recoveryPolicy", "RoleRecreate"),
    facts.UPDATE_STRATEGY: ("rolloutStrategy.type", "ServingGroupRollingUpdate"),
    facts.MAX_UNAVAILABLE: ("rolloutStrategy.rollingUpdateConfiguration.maxUnavailable", 1),
}
_ROLE: FactRows = {facts.REPLICAS: ("replicas", 1), facts.MAX_UNAVAILABLE: ("maxUnavailable", 1)}
_BACKEND: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.MODEL_URI: ("modelURI",),
    facts.SCHEDULER: ("schedulerName",),
    facts.RUNTIME_CLASS: ("runtimeClassName",),
}
_WORKER: FactRows = {
    facts.TOLERATIONS: ("tolerations",),
    facts.AFFINITY: ("affinity",),
}
_ROUTERS = ("controller", "coordinator")
"""Workers of a backend that load no model."""


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    groups = read_count(spec.dig("replicas"))
    for role in spec.each(*_ROLES):
        yield from _role_pods(role, groups)


def _role_pods(role: SpecView, groups: int | None) -> Iterator[Pod]:
    """The entry, which answers requests, and the workers that share its model."""
    name = str(role.dig("name") or "")
    copies, workers = read_count(role.dig("replicas")), read_count(role.dig("workerReplicas"), 0)
    count = multiply(groups, copies)
    nodes = 1 + (workers or 0)
    subrole = Subrole.MASTER if nodes > 1 else None
    for entry in role.each("entryTemplate"):
        yield make_pod(entry, name=name, subrole=subrole, replicas=count, nodes=nodes)
    for worker in role.each("workerTemplate"):
        pods = multiply(count, workers)
        pod = make_pod(worker, name=name, subrole=Subrole.WORKER, replicas=pods, nodes=nodes)
        yield silence_worker(pod)


def _booster_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The pods that kthena makes for each worker of the backend, from templates of its own."""
    backend = spec.below("backend")
    groups = read_count(backend.dig("replicas"))
    for worker in backend.each("workers", EACH):
        routes = worker.dig("type") in _ROUTERS
        nodes = read_count(worker.dig("pods"))
        container = make_container({"env": backend.dig("env"), **worker.mapping()}, worker.path)
        yield Pod(
            worker.path,
            worker.path,
            {},
            name=str(worker.dig("type") or "server"),
            containers=(container._replace(elsewhere={"env": (*backend.path, "env")}),),
            subrole=Subrole.ROUTER if routes else None,
            probes=Probes.NONE if routes else Probes.GIVEN,
            replicas=multiply(groups, read_count(worker.dig("replicas")), nodes),
            text=str(backend.dig("modelURI") or ""),
            nodes=nodes or 1,
            images=False,
        )


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "ModelServing",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec", "template"),),
        rows=((SPEC, _SERVING), ((*SPEC, *_ROLES), _ROLE)),
        plural="modelservings",
    ),
    Kind(
        _GROUP,
        "ModelBooster",
        pods=_booster_pods,
        role=Role.SERVING,
        required=(("spec", "backend"),),
        rows=((("spec", "backend"), _BACKEND), (("spec", "backend", "workers", EACH), _WORKER)),
        pod_rows={},
        plural="modelboosters",
    ),
)
