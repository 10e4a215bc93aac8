"""Kubeflow Notebook: one interactive pod (kubeflow/kubeflow notebook-controller)."""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.kinds.views import SpecView


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for template in spec.each("template"):
        yield make_pod(template)


KINDS: tuple[Kind, ...] = (
    Kind(
        "kubeflow.org",
        "Notebook",
        pods=_pods,
        role=Role.NOTEBOOK,
        required=(("spec", "template"),),
        rows=(((), {facts.SUSPEND: ("metadata.annotations.kubeflow-resource-stopped",)}),),
        plural="notebooks",
    ),
)
