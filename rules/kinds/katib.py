"""Katib's Experiment: its trials are whole objects of other kinds.

Source: kubeflow/katib ``pkg/apis/controller/experiments/v1beta1`` (TrialSource).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Inner, Kind
from rules.kinds.views import SpecView


def _inner(spec: SpecView) -> Iterator[Inner]:
    """The trial; ``${trialParameters.x}`` stands where the experiment puts its values."""
    for trial in spec.each("trialTemplate", "trialSpec"):
        yield Inner(trial.path, Role.TRAINING, measured=True)


_ROWS: FactRows = {
    facts.PARALLELISM: ("parallelTrialCount", 3),
    facts.MAX_TRIALS: ("maxTrialCount",),
    facts.MAX_FAILED_TRIALS: ("maxFailedTrialCount",),
}

KINDS: tuple[Kind, ...] = (
    Kind(
        "kubeflow.org",
        "Experiment",
        role=Role.TRAINING,
        inner=_inner,
        rows=((SPEC, _ROWS),),
        plural="experiments",
    ),
)
