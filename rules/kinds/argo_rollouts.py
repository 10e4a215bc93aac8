"""Argo Rollouts: a Rollout is like a Deployment, an Experiment runs several for a while.

Source: argo-rollouts ``pkg/apis/rollouts/v1alpha1``.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.core import SERVICE_PRIORS, read_replicas_of_template, replicated_kind
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import WhenEnded
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH

_GROUP = "argoproj.io"

_ROLLOUT: FactRows = {
    facts.REPLICAS: ("replicas", 1, CONTROLLER),
    facts.PAUSED: ("paused", False, CONTROLLER),
    facts.MIN_READY_SECONDS: ("minReadySeconds",),
    facts.PROGRESS_DEADLINE: ("progressDeadlineSeconds", 600, CONTROLLER),
    facts.SELECTOR: ("selector",),
    facts.MAX_SURGE: ("strategy.canary.maxSurge", "25%", CONTROLLER),
    facts.MAX_UNAVAILABLE: ("strategy.canary.maxUnavailable", "25%", CONTROLLER),
}
_EXPERIMENT: FactRows = {
    facts.PROGRESS_DEADLINE: ("progressDeadlineSeconds", 600, CONTROLLER),
}
_TRIED: FactRows = {
    facts.REPLICAS: ("replicas", 1, CONTROLLER),
    facts.MIN_READY_SECONDS: ("minReadySeconds",),
    facts.SELECTOR: ("selector",),
}


def _tried_pods(experiment: SpecView, ask: Ask) -> Iterator[Pod]:
    """The pods of each version that an Experiment tries."""
    for version in experiment.each("templates", EACH):
        name = str(version.dig("name") or "")
        yield from read_replicas_of_template(version, ask, name=name)


KINDS: tuple[Kind, ...] = (
    replicated_kind(_GROUP, "Rollout", "rollouts", SERVICE_PRIORS, _ROLLOUT),
    Kind(
        _GROUP,
        "Experiment",
        pods=_tried_pods,
        priors=SERVICE_PRIORS,
        required=(("spec", "templates"),),
        rows=((SPEC, _EXPERIMENT), (("spec", "templates", EACH), _TRIED)),
        when_ended=WhenEnded.RESTARTED,
        plural="experiments",
    ),
)
