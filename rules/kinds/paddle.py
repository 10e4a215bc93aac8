"""Paddle's own operator (batch.paddlepaddle.org/v1): PaddleJob, before Kubeflow had one.

Source: PaddlePaddle/PaddleCloud ``pkg/apis/paddlejob/v1/paddlejob_types.go`` and
``pkg/paddlejob/paddlejob_helper.go`` (constructPod): there is no retry budget and no deadline.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView

_PARTS = (("ps", Subrole.PS), ("worker", Subrole.WORKER), ("heter", Subrole.WORKER))
_JOB: FactRows = {
    facts.CLEANUP_POLICY: ("cleanPodPolicy",),
    facts.GANG_POLICY: ("schedulingPolicy",),
    facts.MIN_AVAILABLE: ("schedulingPolicy.minAvailable",),
    facts.SCHEDULER_QUEUE: ("schedulingPolicy.queue",),
    facts.PRIORITY_CLASS: ("schedulingPolicy.priorityClass",),
    facts.ELASTIC_POLICY: ("elastic",),
}
_PART: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.ELASTIC_MIN: ("requests",),
    facts.ELASTIC_MAX: ("limits",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for name, subrole in _PARTS:
        for part in spec.each(name):
            for template in part.each("template"):
                yield make_pod(
                    template,
                    name=name,
                    subrole=subrole,
                    restart=None if name == "ps" else _restart(spec, name, template),
                    replicas=read_count(part.dig("replicas")),
                    writer=name == "worker",
                )


def _restart(spec: SpecView, name: str, template: SpecView) -> Restart:
    """The template's policy; with ``elastic`` the operator writes OnFailure over it."""
    behind_service = name == "worker" and spec.dig("intranet") == "Service"
    default = "OnFailure" if behind_service else "Never"
    return Restart(
        template.raw("spec", "restartPolicy", default=default),
        default,
        form="operator",
        elastic=spec.dig("elastic") is not None,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        "batch.paddlepaddle.org",
        "PaddleJob",
        pods=_pods,
        role=Role.TRAINING,
        required=(("spec", "worker"),),
        rows=((SPEC, _JOB), *((("spec", name), _PART) for name, _ in _PARTS)),
        plural="paddlejobs",
    ),
)
