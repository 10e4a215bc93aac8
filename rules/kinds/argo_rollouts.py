"""Argo Rollouts: a Rollout is like a Deployment, an Experiment runs several for a while.

Source: argo-rollouts ``pkg/apis/rollouts/v1alpha1``. A metric of an analysis may be a Job, whose
end is what it measures (``analysis_types.go``, JobMetric).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.batch import JOB_PRIORS, read_job_pods
from rules.kinds.core import SERVICE_PRIORS, read_replicas_of_template, replicated_kind
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import WhenEnded
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path

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
_MEASURING_JOB: FactRows = {facts.BACKOFF_LIMIT: ("backoffLimit", 6, CONTROLLER)}
_MEASURING: Path = ("metrics", EACH, "provider", "job", "spec")


def _tried_pods(experiment: SpecView, ask: Ask) -> Iterator[Pod]:
    """The pods of each version that an Experiment tries."""
    for version in experiment.each("templates", EACH):
        name = str(version.dig("name") or "")
        yield from read_replicas_of_template(version, ask, name=name)


def _measuring_pods(analysis: SpecView, ask: Ask) -> Iterator[Pod]:
    for metric in analysis.each("metrics", EACH):
        name = str(metric.dig("name") or "")
        for job in metric.each("provider", "job", "spec"):
            for pod in read_job_pods(job, ask):
                yield pod._replace(name=name, restart=None, writer=False)


def _analysis(name: str, *, namespaced: bool = True) -> Kind:
    """What the pods of its Jobs tell is kept by the analysis."""
    return Kind(
        _GROUP,
        name,
        pods=_measuring_pods,
        priors=JOB_PRIORS,
        required=(("spec", "metrics"),),
        rows=(((*SPEC, *_MEASURING), _MEASURING_JOB),),
        plural=f"{name.lower()}s",
        namespaced=namespaced,
        dormant=True,
    )


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
    _analysis("AnalysisTemplate"),
    _analysis("ClusterAnalysisTemplate", namespaced=False),
)
