"""Whether a workload has anything to do with machine learning."""

from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.roles.images import is_product
from rules.workload import Workload


def is_unrelated(workload: Workload) -> bool:
    """Whether all pods run nothing but products of other fields, such as databases, and ask for no
    accelerator: what is right for them is for other linters to say."""
    return bool(workload.judgements) and all(
        judgement.role is Role.OTHER and _runs_products(pod) and not workload.accelerated(pod)
        for pod, judgement in workload.judgements
    )


def _runs_products(pod: Pod) -> bool:
    return bool(pod.mains) and all(is_product(str(one.get("image") or "")) for one in pod.mains)
