"""TorchElastic's operator (elastic.pytorch.org/v1alpha1): ElasticJob.

Source: pytorch/elastic ``kubernetes/api/v1alpha1/elasticjob_types.go``, where the run policy of
kubeflow/common stands in the spec itself, and ``kubernetes/controllers``.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import read_count
from rules.kinds.replica_specs import (
    REPLICA_ROWS,
    make_replica_pods,
    read_replicas,
    read_run_deadlines,
)
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH

_REPLICAS = "replicaSpecs"
_JOB: FactRows = {
    facts.DEADLINE: ("activeDeadlineSeconds",),
    facts.BACKOFF_LIMIT: ("backoffLimit",),
    facts.TTL: ("ttlSecondsAfterFinished",),
    facts.CLEANUP_POLICY: ("cleanPodPolicy",),
    facts.ELASTIC_MIN: ("minReplicas",),
    facts.ELASTIC_MAX: ("maxReplicas",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for replica in read_replicas(spec, _REPLICAS):
        yield from make_replica_pods(replica, replicas=read_count(replica.view.dig("replicas")))


KINDS: tuple[Kind, ...] = (
    Kind(
        "elastic.pytorch.org",
        "ElasticJob",
        pods=_pods,
        role=Role.TRAINING,
        required=((*SPEC, _REPLICAS),),
        rows=((SPEC, _JOB), ((*SPEC, _REPLICAS, EACH), REPLICA_ROWS)),
        deadlines=lambda spec, _pods: read_run_deadlines(spec),
        plural="elasticjobs",
    ),
)
