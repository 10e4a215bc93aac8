"""Kubeflow Notebook: one interactive pod (kubeflow/kubeflow notebook-controller)."""

from collections.abc import Iterator

from rules.kinds.podspec import make_pod
from rules.kinds.schema import Ask, Kind, Pod, Role
from rules.manifest import Manifest
from rules.paths import Path

_TEMPLATE: Path = ("spec", "template")


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    template = manifest.dig(*_TEMPLATE)
    if isinstance(template, dict):
        yield make_pod(_TEMPLATE, template)


KINDS: tuple[Kind, ...] = (
    Kind(
        "kubeflow.org",
        "Notebook",
        pods=_pods,
        role=Role.NOTEBOOK,
        required=(_TEMPLATE,),
        plural="notebooks",
    ),
)
