"""DLRover (elastic.iml.github.io/v1alpha1): ElasticJob, whose master makes failed pods anew.

Source: intelligent-machine-learning/dlrover ``go/elasticjob/api/v1alpha1/elasticjob_types.go`` and
``go/elasticjob/pkg/common/api/v1/types.go``.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import read_count
from rules.kinds.replica_specs import choose_writers, make_replica_pods, read_replicas
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH

_REPLICAS = "replicaSpecs"
_JOB: FactRows = {facts.SUSPEND: ("suspend", False, CONTROLLER)}
_REPLICA: FactRows = {
    facts.REPLICAS: ("replicas", 1, CONTROLLER),
    facts.GANG_POLICY: ("BatchScheduler",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    replicas = read_replicas(spec, _REPLICAS)
    writers = choose_writers(replicas, (frozenset({"chief"}), frozenset({"worker"})))
    for replica in replicas:
        count, writes = read_count(replica.view.dig("replicas")), replica.type in writers
        yield from make_replica_pods(replica, replicas=count, writer=writes)


KINDS: tuple[Kind, ...] = (
    Kind(
        "elastic.iml.github.io",
        "ElasticJob",
        pods=_pods,
        role=Role.TRAINING,
        required=(("spec", _REPLICAS),),
        rows=((SPEC, _JOB), ((*SPEC, _REPLICAS, EACH), _REPLICA)),
        plural="elasticjobs",
    ),
)
