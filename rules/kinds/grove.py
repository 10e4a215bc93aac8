"""Grove (grove.io/v1alpha1): sets of cliques of pods, which are scheduled and scaled together.

Source: ai-dynamo/grove ``operator/api/core/v1alpha1`` (``podcliqueset.go``, ``podclique.go``),
``operator/internal/webhook/admission/pcs`` (``defaulting``; ``validation``, by which pods are
always restarted, whatever their spec says). Cliques of one scaling group load a model together.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import (
    make_bare_pod,
    multiply,
    read_count,
    read_metadata,
    silence_worker,
)
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import FactRows
from rules.kinds.runs import WhenEnded
from rules.kinds.schema import SPEC, Autoscaler, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path, dotted
from rules.record import NamedTuple
from rules.type_names import Any

_GROUP = "grove.io"

_CLIQUES: Path = ("template", "cliques", EACH)
_SCALING_GROUPS: Path = ("template", "podCliqueScalingGroups", EACH)
_SET: FactRows = {
    facts.REPLICAS: ("replicas", 0),
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "RollingRecreate"),
    facts.PRIORITY_CLASS: ("template.priorityClassName",),
}
_CLIQUE: FactRows = {
    facts.REPLICAS: ("replicas", 1),
    facts.MIN_AVAILABLE: ("minAvailable",),
    facts.MIN_REPLICAS: ("autoScalingConfig.minReplicas",),
    facts.MAX_REPLICAS: ("autoScalingConfig.maxReplicas",),
    facts.METRICS: ("autoScalingConfig.metrics",),
}
_SCALED: FactRows = {
    facts.REPLICAS: ("replicas", 1),
    facts.MIN_AVAILABLE: ("minAvailable", 1),
    facts.MIN_REPLICAS: ("scaleConfig.minReplicas",),
    facts.MAX_REPLICAS: ("scaleConfig.maxReplicas",),
    facts.METRICS: ("scaleConfig.metrics",),
}
_PRIORS = {Role.SERVING: 5}
_CPU = "the API server then scales on cpu at 80 %"


class _Group(NamedTuple):
    """A scaling group as one of its cliques sees it: how many copies of it there are, the pods of
    each, and the clique that comes first."""

    copies: int | None
    pods: int | None
    first: str


def _set_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    sets, groups = read_count(spec.dig("replicas"), 0), _read_groups(spec)
    for clique in spec.each(*_CLIQUES):
        name = str(clique.dig("name") or "")
        group = groups.get(name)
        known: dict[str, Any] = {"metadata": read_metadata(clique.mapping())}
        copies = multiply(sets, group.copies) if group else sets
        pods = _clique_pods(clique.below("spec"), name, copies, metadata_at=clique.path, **known)
        yield from (_join(pod, group) for pod in pods)


def _join(pod: Pod, group: _Group | None) -> Pod:
    """The pod as one of its group's, whose first clique answers for the model."""
    if group is None or group.pods == 1:
        return pod
    leads = pod.name == group.first
    joined = pod._replace(
        nodes=group.pods or 1, subrole=Subrole.MASTER if leads else Subrole.WORKER
    )
    return joined if leads else silence_worker(joined)


def _read_groups(spec: SpecView) -> dict[str, _Group]:
    """The scaling groups by the names of their cliques, each of which is in one at most."""
    sizes = {
        str(clique.dig("name") or ""): read_count(clique.dig("spec", "replicas"))
        for clique in spec.each(*_CLIQUES)
    }
    found = {}
    for group in spec.each(*_SCALING_GROUPS):
        listed = group.dig("cliqueNames")
        names = [str(name) for name in listed] if isinstance(listed, list) else []
        counts = [sizes.get(name) for name in names]
        known = [count for count in counts if count is not None]
        pods = sum(known) if len(known) == len(counts) else None
        for name in names:
            found[name] = _Group(read_count(group.dig("replicas")), pods, names[0])
    return found


def _clique_pods(clique: SpecView, name: str, copies: int | None, **known: Any) -> Iterator[Pod]:
    """The pods of a PodCliqueSpec, of which there are ``copies``."""
    count = multiply(copies, read_count(clique.dig("replicas")))
    for spec in clique.each("podSpec"):
        yield make_bare_pod(spec.path, spec.mapping(), name=name, replicas=count, **known)


def _lone_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    return _clique_pods(spec, str(spec.dig("roleName") or ""), 1)


def _set_scalers(spec: SpecView) -> Iterator[Autoscaler]:
    for clique in spec.each(*_CLIQUES, "spec"):
        yield from _scalers(clique, "autoScalingConfig")
    for group in spec.each(*_SCALING_GROUPS):
        yield from _scalers(group, "scaleConfig")


def _lone_scalers(spec: SpecView) -> Iterator[Autoscaler]:
    return _scalers(spec, "autoScalingConfig")


def _scalers(owner: SpecView, field: str) -> Iterator[Autoscaler]:
    """The HPA that the operator makes, with the metrics that are written."""
    for scaling in owner.each(field):
        metrics = scaling.value("metrics")
        defined = metrics.unknown or bool(metrics.value)
        yield Autoscaler(metrics, defined, dotted(metrics.path), implicit=_CPU)


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "PodCliqueSet",
        pods=_set_pods,
        priors=_PRIORS,
        required=(("spec", "template", "cliques"),),
        rows=(
            (SPEC, _SET),
            ((*SPEC, *_CLIQUES, "spec"), _CLIQUE),
            ((*SPEC, *_SCALING_GROUPS), _SCALED),
        ),
        autoscalers=_set_scalers,
        when_ended=WhenEnded.RESTARTED,
        plural="podcliquesets",
    ),
    Kind(
        _GROUP,
        "PodClique",
        pods=_lone_pods,
        priors=_PRIORS,
        required=(("spec", "podSpec"),),
        rows=((SPEC, _CLIQUE),),
        autoscalers=_lone_scalers,
        when_ended=WhenEnded.RESTARTED,
        plural="podcliques",
    ),
)
