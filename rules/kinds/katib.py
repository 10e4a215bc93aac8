"""Katib's Experiment: its trials are whole objects of other kinds.

Source: kubeflow/katib ``pkg/apis/controller/experiments/v1beta1`` (TrialSource).
"""

from collections.abc import Iterator

from rules.kinds.schema import Inner, Kind, Role
from rules.manifest import Manifest
from rules.paths import Path

_TRIAL: Path = ("spec", "trialTemplate", "trialSpec")


def _inner(manifest: Manifest) -> Iterator[Inner]:
    """The trial; ``${trialParameters.x}`` stands where the experiment puts its values."""
    if isinstance(manifest.dig(*_TRIAL), dict):
        yield Inner(_TRIAL, Role.TRAINING)


KINDS: tuple[Kind, ...] = (
    Kind("kubeflow.org", "Experiment", role=Role.TRAINING, inner=_inner, plural="experiments"),
)
