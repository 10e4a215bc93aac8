"""AdaptDL (adaptdl.petuum.com/v1): AdaptDLJob, whose scheduler decides how many pods it has.

Source: petuum/adaptdl ``helm/adaptdl-sched/templates/adaptdl-crd.yaml`` and
``sched/adaptdl_sched/controller.py``: every pod gets restartPolicy Never, memory at /dev/shm and
requests; a pod that fails by itself fails the job, all others are made anew together.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView

_JOB: FactRows = {
    facts.ELASTIC_MIN: ("minReplicas",),
    facts.ELASTIC_MAX: ("maxReplicas",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for template in spec.each("template"):
        yield make_pod(template, replicas=None, shared_memory=True, requests_given=True)


KINDS: tuple[Kind, ...] = (
    Kind(
        "adaptdl.petuum.com",
        "AdaptDLJob",
        pods=_pods,
        role=Role.TRAINING,
        required=((*SPEC, "template"),),
        rows=((SPEC, _JOB),),
        plural="adaptdljobs",
    ),
)
