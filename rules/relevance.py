"""Whether a workload has anything to do with machine learning."""

from rules.kinds.roles import Role
from rules.workload import Workload

_PLAIN = 4
"""The weight from which signs of something else are believed: a product's image, a part's name."""


def is_unrelated(workload: Workload) -> bool:
    """Whether all pods plainly do something else, and ask for no accelerator: what is right for
    them is for other linters to say."""
    return bool(workload.judgements) and all(
        judgement.role is Role.OTHER and judgement.score >= _PLAIN and not workload.accelerated(pod)
        for pod, judgement in workload.judgements
    )
