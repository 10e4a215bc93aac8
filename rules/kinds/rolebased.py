"""RoleBasedGroup (workloads.x-k8s.io): roles that serve a model together.

Source: sgl-project/rbg ``api/workloads/v1alpha2/rolebasedgroup_types.go`` and ``v1alpha1``, where a
role has its template without a pattern around it.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod, multiply, read_count
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path
from rules.type_names import Any

_ROLES: Path = ("spec", "roles", EACH)
_ROLE: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.MIN_READY_SECONDS: ("minReadySeconds",),
    facts.GROUP_SIZE: ("leaderWorkerPattern.size",),
    facts.GROUP_RESTART_POLICY: ("leaderWorkerPattern.restartPolicy",),
    facts.UPDATE_STRATEGY: ("rolloutStrategy.type",),
    facts.MAX_SURGE: ("rolloutStrategy.rollingUpdate.maxSurge",),
    facts.MAX_UNAVAILABLE: ("rolloutStrategy.rollingUpdate.maxUnavailable",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for role in spec.each("roles", EACH):
        name, copies = str(role.dig("name") or ""), read_count(role.dig("replicas"))
        for template in role.each("template"):
            yield _pod(template, name, copies, read_count(role.dig("leaderWorkerSet", "size")))
        for template in role.each("standalonePattern", "template"):
            yield _pod(template, name, copies)
        for group in role.each("leaderWorkerPattern"):
            for template in group.each("template"):
                yield _pod(template, name, copies, read_count(group.dig("size")))
        for part in role.each("customComponentsPattern", "components", EACH):
            count = multiply(copies, read_count(part.dig("size")))
            for template in part.each("template"):
                yield _pod(template, str(part.dig("name") or name), count)


def _pod(template: SpecView, name: str, copies: int | None, size: int | None = 1) -> Pod:
    """A role's pods, ``size`` of which load one model together. Their leader is one of them."""
    known: dict[str, Any] = {"name": name, "replicas": multiply(copies, size)}
    return make_pod(template, nodes=size or 1, **known)


KINDS: tuple[Kind, ...] = (
    Kind(
        "workloads.x-k8s.io",
        "RoleBasedGroup",
        pods=_pods,
        priors={Role.SERVING: 5},
        required=(("spec", "roles"),),
        rows=((_ROLES, _ROLE),),
        plural="rolebasedgroups",
    ),
)
