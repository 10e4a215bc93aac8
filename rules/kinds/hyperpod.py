"""SageMaker HyperPod's operators (sagemaker.amazonaws.com): HyperPodPyTorchJob and endpoints.

Source: aws/sagemaker-hyperpod-cli
``src/sagemaker/hyperpod/training/config/hyperpod_pytorch_job_unified_config.py``, which is made of
the CRD, and ``helm_chart/.../inference-operator/config/crd``. The operator restarts processes in
their pods and jobs as a whole, within limits of its own; it keeps no pod of a finished job unless
told to. The settings of an endpoint's worker are those of a container.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes
from rules.kinds.podspec import make_container, make_pod, read_count
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.runs import Deadlines, Leftover
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH

_JOB: FactRows = {
    facts.PROCESSES_PER_NODE: ("nprocPerNode", "auto"),
    facts.DEADLINE: ("runPolicy.activeDeadlineSeconds",),
    facts.PRE_RUNNING_DEADLINE: ("runPolicy.startupDeadlineSeconds",),
    facts.MAX_RESTARTS: ("runPolicy.restartPolicy.maxFullJobRestarts",),
    facts.CLEANUP_POLICY: ("runPolicy.cleanPodPolicy", "All"),
    facts.SUSPEND: ("runPolicy.suspend",),
    facts.ELASTIC_POLICY: ("elasticPolicy",),
    facts.ELASTIC_MIN: ("elasticPolicy.minReplicas",),
    facts.ELASTIC_MAX: ("elasticPolicy.maxReplicas",),
}
_REPLICA: FactRows = {facts.REPLICAS: ("replicas", 0), facts.MAX_REPLICAS: ("maxReplicas",)}
_ENDPOINT: FactRows = {facts.REPLICAS: ("replicas", 1), facts.INSTANCE_TYPE: ("instanceType",)}
_REPLICAS = ("replicaSpecs", EACH)
_KEPT = "no pod is deleted when the job is over, and whatever still runs stays"


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for replica in spec.each(*_REPLICAS):
        name, count = str(replica.dig("name") or ""), read_count(replica.dig("replicas"), 0)
        for template in replica.each("template"):
            yield make_pod(template, name=name, replicas=count)


def _deadlines(spec: SpecView, _pods: object) -> Deadlines:
    value = spec.value("runPolicy", "activeDeadlineSeconds")
    return Deadlines((value,), (value.path,), counting="it counts from the job's start")


def _leftovers(spec: SpecView) -> Iterator[Leftover]:
    cleanup = spec.value("runPolicy", "cleanPodPolicy", default="All")
    if cleanup.value == "None":
        yield Leftover(cleanup, _KEPT, wanted="All")


def _endpoint_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for worker in spec.each("worker"):
        body = {"env": worker.dig("environmentVariables"), **worker.mapping()}
        container = make_container(body, worker.path)
        elsewhere = {"env": (*worker.path, "environmentVariables")}
        yield Pod(
            worker.path,
            worker.path,
            {},
            containers=(container._replace(name="worker", elsewhere=elsewhere),),
            probes=Probes.GIVEN,
            replicas=read_count(spec.dig("replicas")),
            text=str(spec.dig("modelName") or ""),
        )


KINDS: tuple[Kind, ...] = (
    Kind(
        "sagemaker.amazonaws.com",
        "HyperPodPyTorchJob",
        pods=_pods,
        role=Role.TRAINING,
        required=(("spec", "replicaSpecs"),),
        rows=((SPEC, _JOB), ((*SPEC, *_REPLICAS), _REPLICA)),
        deadlines=_deadlines,
        leftovers=_leftovers,
        plural="hyperpodpytorchjobs",
    ),
    Kind(
        "inference.sagemaker.aws.amazon.com",
        "InferenceEndpointConfig",
        pods=_endpoint_pods,
        role=Role.SERVING,
        required=(("spec", "worker"),),
        rows=((SPEC, _ENDPOINT),),
        pod_rows={},
        plural="inferenceendpointconfigs",
    ),
)
