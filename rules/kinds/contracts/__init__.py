"""What operators ask of objects of their kinds, beyond what a schema can say."""

from collections.abc import Mapping

from rules.kinds.contracts.clauses import Contract
from rules.kinds.contracts.gangs import GANGS
from rules.kinds.contracts.kubeflow_jobs import KUBEFLOW_JOBS
from rules.kinds.contracts.ray_objects import RAY_OBJECTS
from rules.kinds.contracts.services import SERVICES


def find_contract(group: str, kind: str, version: str) -> Contract | None:
    """What the operator of a kind asks; None where nothing is known of that."""
    return _CONTRACTS.get((group, kind, version)) or _CONTRACTS.get((group, kind, ""))


_CONTRACTS: Mapping[tuple[str, str, str], Contract] = {
    **KUBEFLOW_JOBS,
    **RAY_OBJECTS,
    **GANGS,
    **SERVICES,
}
"""By group, kind and version, which is empty for all."""
