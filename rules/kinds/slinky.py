"""Slinky's operator of Slurm (slinky.slurm.net/v1beta1): NodeSet, LoginSet.

Source: SlinkyProject/slurm-operator ``api/v1beta1`` (``nodeset_types.go``, ``loginset_types.go``,
``base_types.go``) and ``internal/builder`` (``workerbuilder/worker_app.go``,
``loginbuilder/login_app.go``), which gives slurmd and sackd probes of their own. What runs on such
a node is Slurm's matter: jobs, with budgets and deadlines that stand in no manifest.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.core import DEPLOYMENT_ROWS, STATEFUL_SET_ROWS
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.podspec import (
    add_mains,
    claim_templates,
    make_container,
    make_pod,
    read_count,
    read_retention,
)
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows, left_to_controller
from rules.kinds.runs import WhenEnded
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.type_names import Any

_GROUP = "slinky.slurm.net"
_SELECTED = frozenset({facts.SELECTOR, facts.PAUSED, facts.PROGRESS_DEADLINE})
"""What a controller of Kubernetes says, and these sets do not."""

_NODES: FactRows = {
    **{fact: row for fact, row in STATEFUL_SET_ROWS.items() if fact not in _SELECTED},
    facts.MAX_UNAVAILABLE: ("updateStrategy.rollingUpdate.maxUnavailable", "25%"),
}
_LOGINS: FactRows = {
    **left_to_controller(
        {
            fact: row
            for fact, row in DEPLOYMENT_ROWS.items()
            if fact not in {*_SELECTED, facts.MIN_READY_SECONDS}
        }
    ),
    facts.REPLICAS: ("replicas", 1),
}


def _node_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """With scalingMode DaemonSet there is no telling how many."""
    kept = read_retention(spec.below("persistentVolumeClaimRetentionPolicy"), "NodeSet")
    claims = claim_templates(spec.below("volumeClaimTemplates"), kept)
    each = spec.dig("scalingMode") == "DaemonSet"
    count = None if each else read_count(spec.dig("replicas"))
    yield from _pods("slurmd", spec, replicas=count, volumes=claims)


def _login_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    yield from _pods("login", spec, replicas=read_count(spec.dig("replicas")))


def _pods(daemon: str, spec: SpecView, **known: Any) -> Iterator[Pod]:
    """The daemon's container stands beside a template that may have more of it, by its name, and
    others (``BuildPodTemplate``)."""
    pod = make_pod(spec.below("template"), probes=Probes.GIVEN, images=False, **known)
    merged = any(one.name == daemon for one in pod.containers)
    if spec.mapping(daemon) and not merged:
        pod = add_mains(pod, [_container(daemon, spec.below(daemon))])
    yield pod


def _container(daemon: str, view: SpecView) -> Container:
    return make_container(view.mapping(), view.path)._replace(name=daemon)


def _kind(name: str, rows: FactRows, **known: Any) -> Kind:
    return Kind(
        _GROUP,
        name,
        role=Role.OTHER,
        required=(SPEC,),
        rows=((SPEC, rows),),
        when_ended=WhenEnded.RESTARTED,
        plural=f"{name.lower()}s",
        **known,
    )


KINDS: tuple[Kind, ...] = (
    _kind("NodeSet", _NODES, pods=_node_pods),
    _kind("LoginSet", _LOGINS, pods=_login_pods),
)
