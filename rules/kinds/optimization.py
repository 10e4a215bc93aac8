"""Kubeflow Trainer's OptimizationJob (trainer.kubeflow.org/v1alpha1): trials, each a TrainJob.

Source: kubeflow/trainer ``pkg/apis/trainer/v1alpha1/optimizationjob_types.go``. The product of a
trial is its metric, so that no file need outlive it.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.trainjob import (
    PATCHED_POD_ROWS,
    TRAINER_ROWS,
    TRAINJOB_ROWS,
    read_trainjob_deadlines,
    read_trainjob_pods,
)
from rules.kinds.views import SpecView
from rules.paths import Path

_TRIAL: Path = ("spec", "trainJobTemplate", "spec")
_TRAINER: Path = (*_TRIAL, "trainer")
_RUNTIME: Path = (*_TRIAL, "runtimeRef")

_SEARCH: FactRows = {facts.MAX_TRIALS: ("numTrials", 1), facts.PARALLELISM: ("parallelTrials", 1)}


def _pods(trial: SpecView, ask: Ask) -> Iterator[Pod]:
    for pod in read_trainjob_pods(trial, ask):
        yield pod._replace(outputs_known=False, writer=False)


KINDS: tuple[Kind, ...] = (
    Kind(
        "trainer.kubeflow.org",
        "OptimizationJob",
        root=_TRIAL,
        pods=_pods,
        role=Role.TRAINING,
        required=(_RUNTIME,),
        rows=(
            (SPEC, _SEARCH),
            (_TRIAL, TRAINJOB_ROWS),
            (_TRAINER, TRAINER_ROWS),
        ),
        pod_rows=PATCHED_POD_ROWS,
        deferred={_TRAINER: _RUNTIME},
        deadlines=read_trainjob_deadlines,
        plural="optimizationjobs",
    ),
)
