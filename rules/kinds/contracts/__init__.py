"""What operators ask of objects of their kinds, beyond what a schema can say."""

from rules import import_module
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.kinds.contracts.clauses import Contract

_MODULES = {
    "autoscaling": "built_in",
    "batch": "built_in",
    "batch.volcano.sh": "gangs",
    "leaderworkerset.x-k8s.io": "gangs",
    "trainer.kubeflow.org": "gangs",
    "kubeflow.org": "kubeflow_jobs",
    "ray.io": "ray_objects",
    "serving.knative.dev": "services",
    "serving.kserve.io": "services",
}
"""The module of a group's contracts, by group, kind and version (empty: all), in ``CONTRACTS``. It
is imported when an object of the group is met."""


def find_contract(group: str, kind: str, version: str) -> "Contract | None":
    """What the operator of a kind asks; None where nothing is known of that."""
    if group not in _MODULES:
        return None
    module = import_module(f"rules.kinds.contracts.{_MODULES[group]}")
    known: Mapping[tuple[str, str, str], Contract] = module.CONTRACTS
    return known.get((group, kind, version)) or known.get((group, kind, ""))
