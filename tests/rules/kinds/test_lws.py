"""LeaderWorkerSet: leader, workers, and who answers requests."""

from typing import Any

from rules.kinds import find_kind
from rules.kinds.kept_pods import PODS, unpack_pods
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod, Probes
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Kind
from rules.manifest import Manifest


def _kind() -> Kind:
    kind = find_kind("leaderworkerset.x-k8s.io", "LeaderWorkerSet")
    assert kind is not None
    return kind


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _template(**container: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "vllm", "image": "vllm/vllm-openai:1", **container}]}}


def _manifest(group: dict[str, Any], **spec: Any) -> Manifest:
    body = {"leaderWorkerTemplate": group, **spec}
    return Manifest(
        {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "spec": body}
    )


def _pods(group: dict[str, Any], **spec: Any) -> list[Pod]:
    return list(_kind().pods(_kind().view(_manifest(group, **spec)), _ask))


def test_leader_and_workers() -> None:
    group = {
        "size": 4,
        "leaderTemplate": _template(ports=[{"containerPort": 8080}]),
        "workerTemplate": _template(),
    }
    leader, worker = _pods(group, replicas=2)

    assert leader.path == ("spec", "leaderWorkerTemplate", "leaderTemplate")
    assert worker.path == ("spec", "leaderWorkerTemplate", "workerTemplate")
    assert (leader.replicas, worker.replicas) == (2, 6)
    assert (leader.subrole, worker.subrole) == (Subrole.MASTER, Subrole.WORKER)
    assert (leader.probes, worker.probes) == (Probes.OWN, Probes.NONE)
    assert (leader.restart, worker.restart) == (None, None)


def test_a_worker_that_is_asked_how_it_is_is_judged_one_with_a_port_alone_is_not() -> None:
    port = {"ports": [{"containerPort": 8080}]}
    asked = {**port, "livenessProbe": {"tcpSocket": {"port": 8080}}}
    leader = {"leaderTemplate": _template()}

    assert _pods({**leader, "workerTemplate": _template(**asked)})[1].probes is Probes.OWN
    assert _pods({**leader, "workerTemplate": _template(**port)})[1].probes is Probes.NONE


def test_without_a_leader_template_the_workers_lead() -> None:
    (pod,) = _pods({"size": 2, "workerTemplate": _template()}, replicas=3)

    assert pod.path == ("spec", "leaderWorkerTemplate", "workerTemplate")
    assert (pod.subrole, pod.probes, pod.replicas) == (None, Probes.OWN, 6)


def test_claim_templates_are_volumes() -> None:
    claim = {"metadata": {"name": "cache"}}
    (pod,) = _pods({"workerTemplate": _template(), "volumeClaimTemplates": [claim]})

    assert [volume.name for volume in pod.volumes] == ["cache"]
    assert pod.volumes[0].path == ("spec", "leaderWorkerTemplate", "volumeClaimTemplates", 0)


def test_what_autoscalers_may_ask() -> None:
    limits = {"limits": {"nvidia.com/gpu": 1}}
    group = {"workerTemplate": _template(resources=limits)}

    (worker,) = unpack_pods(_kind().read_facts(_manifest(group))[PODS])

    assert worker.path == ("spec", "leaderWorkerTemplate", "workerTemplate")
    assert worker.containers[0].limits == {"nvidia.com/gpu": 1}


def test_the_kind() -> None:
    kind = _kind()

    assert kind.priors == {Role.SERVING: 5}
    assert kind.plural == "leaderworkersets"
    assert kind.required == (("spec", "leaderWorkerTemplate", "workerTemplate"),)
