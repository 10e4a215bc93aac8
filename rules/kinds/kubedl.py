"""KubeDL's Cron (apps.kubedl.io/v1alpha1): a whole job of another kind, by a schedule.

Source: kubedl ``apis/apps/v1alpha1/cron_types.go`` and ``pkg/job_controller/api/v1/types.go``
(CronPolicy, whose default is Allow); AliyunContainerService/cron-operator has the same kind.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.batch import read_schedule
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_unseen_pod
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import Schedule
from rules.kinds.schema import SPEC, Inner, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest

_CRON: FactRows = {
    facts.SCHEDULE: ("schedule",),
    facts.CONCURRENCY_POLICY: ("concurrencyPolicy", "Allow", CONTROLLER),
    facts.SCHEDULE_SUSPEND: ("suspend", False, CONTROLLER),
    facts.SUCCESS_HISTORY: ("historyLimit",),
}
_TRAINING = ("kubeflow.org", "training.kubedl.io", "trainer.kubeflow.org")
"""Groups whose jobs train."""


def _inner(spec: SpecView) -> Iterator[Inner]:
    for job in spec.each("template", "workload"):
        yield Inner(job.path)


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The job's pods are judged where they stand; what they are for, the schedule must know."""
    for job in spec.each("template", "workload"):
        if Manifest(job.mapping()).group in _TRAINING:
            yield make_unseen_pod(job.path, role=Role.TRAINING)


def _schedule(manifest: Manifest) -> Schedule:
    return read_schedule(manifest, manifest.raw(("spec", "concurrencyPolicy"), "Allow"))


KINDS: tuple[Kind, ...] = (
    Kind(
        "apps.kubedl.io",
        "Cron",
        pods=_pods,
        required=(("spec", "schedule"),),
        rows=((SPEC, _CRON),),
        inner=_inner,
        schedule=_schedule,
        plural="crons",
    ),
)
