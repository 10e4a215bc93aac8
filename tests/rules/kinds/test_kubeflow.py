"""Kubeflow's v1 jobs: what stands where, and what absence means."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import ContainerUse, Pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.runs import Deadlines, Retry
from rules.manifest import Manifest
from rules.model import Presence


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _object(kind: str, spec: dict[str, Any]) -> Manifest:
    return Manifest({"apiVersion": "kubeflow.org/v1", "kind": kind, "spec": spec})


def _pods(kind: str, spec: dict[str, Any]) -> dict[str, Pod]:
    known = find_kind("kubeflow.org", kind)
    assert known is not None
    return {pod.name: pod for pod in known.pods(known.view(_object(kind, spec)), _ask)}


def _retry(kind: str, spec: dict[str, Any]) -> Retry:
    known = find_kind("kubeflow.org", kind)
    assert known is not None
    (retry,) = known.retries(known.view(_object(kind, spec)))
    return retry


def _replica(container: str = "pytorch", **fields: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": container, "image": "train:1"}]}}
    return {"template": template, **fields}


FINE_TUNING: dict[str, Any] = {
    "runPolicy": {"backoffLimit": 3, "activeDeadlineSeconds": 86400},
    "pytorchReplicaSpecs": {
        "Master": {
            "replicas": 1,
            "restartPolicy": "ExitCode",
            "template": {
                "metadata": {"labels": {"team": "nlp"}},
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [
                        {"name": "metrics", "image": "prom/pushgateway:1"},
                        {
                            "name": "pytorch",
                            "image": "registry/bert:1",
                            "volumeMounts": [{"name": "out", "mountPath": "/out"}],
                        },
                    ],
                    "volumes": [{"name": "out", "persistentVolumeClaim": {"claimName": "models"}}],
                },
            },
        },
        "Worker": _replica(replicas=3),
    },
}


def test_pytorchjob_has_a_pod_for_each_replica_spec() -> None:
    pods = _pods("PyTorchJob", FINE_TUNING)
    master, worker = pods["master"], pods["worker"]

    assert master.path == ("spec", "pytorchReplicaSpecs", "Master", "template")
    assert master.spec_path == (*master.path, "spec")
    assert master.metadata == {"labels": {"team": "nlp"}}
    assert (master.subrole, worker.subrole) == (Subrole.MASTER, Subrole.WORKER)
    assert (master.replicas, worker.replicas) == (1, 3)
    assert (master.writer, worker.writer) == (True, False)
    assert [volume.name for volume in master.volumes] == ["out"]
    assert [main.name for main in master.mains] == ["pytorch"]
    assert master.containers[0].use is ContainerUse.SIDECAR


def test_the_replicas_restart_policy_counts_and_not_its_templates() -> None:
    master = _pods("PyTorchJob", FINE_TUNING)["master"].restart

    assert master is not None
    assert master.value.value == "ExitCode"
    assert master.value.path == ("spec", "pytorchReplicaSpecs", "Master", "restartPolicy")
    assert master.value.presence is Presence.WRITTEN
    assert master.allowed == ("Never", "ExitCode")
    assert (master.family, master.form, master.safe) == ("kubeflow", "operator", False)
    assert "128 to 255" in master.note


@pytest.mark.parametrize(
    ("kind", "field", "replica", "default"),
    [
        ("PyTorchJob", "pytorchReplicaSpecs", "Worker", "OnFailure"),
        ("PaddleJob", "paddleReplicaSpecs", "Worker", "OnFailure"),
        ("TFJob", "tfReplicaSpecs", "Chief", "Never"),
        ("XGBoostJob", "xgbReplicaSpecs", "Master", "Never"),
        ("JAXJob", "jaxReplicaSpecs", "Worker", "Never"),
    ],
)
def test_each_kind_has_its_own_default(kind: str, field: str, replica: str, default: str) -> None:
    restart = _pods(kind, {field: {replica: _replica()}})[replica.lower()].restart

    assert restart is not None
    assert (restart.default, restart.value.value) == (default, default)
    assert restart.value.absent
    assert restart.value.path == ("spec", field, replica, "restartPolicy")


def test_a_default_in_an_admitted_object_was_written_since_nobody_fills_it_in() -> None:
    spec = {"pytorchReplicaSpecs": {"Worker": _replica(restartPolicy="OnFailure")}}
    body = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "spec": spec,
        "metadata": {"managedFields": [{"operation": "Apply", "fieldsV1": {}}]},
    }
    known = find_kind("kubeflow.org", "PyTorchJob")
    assert known is not None
    (pod,) = known.pods(known.view(Manifest(body, admitted=True)), _ask)

    assert pod.restart is not None
    assert pod.restart.value.presence is Presence.WRITTEN


def test_replica_keys_may_have_any_case() -> None:
    pods = _pods(
        "PyTorchJob", {"pytorchReplicaSpecs": {"worker": _replica(), "MASTER": _replica()}}
    )

    assert pods["worker"].path == ("spec", "pytorchReplicaSpecs", "worker", "template")
    assert pods["worker"].subrole is Subrole.WORKER
    assert (pods["master"].writer, pods["worker"].writer) == (True, False)


def test_workers_write_where_there_is_no_master() -> None:
    assert _pods("PyTorchJob", {"pytorchReplicaSpecs": {"Worker": _replica()}})["worker"].writer


@pytest.mark.parametrize(
    ("present", "writers"),
    [
        (("Chief", "Worker", "PS", "Evaluator"), {"chief"}),
        (("Master", "Worker"), {"master"}),
        (("Worker", "PS", "Evaluator"), {"worker"}),
        (("Trainer", "PS"), {"trainer"}),
    ],
)
def test_tfjob_writers(present: tuple[str, ...], writers: set[str]) -> None:
    pods = _pods("TFJob", {"tfReplicaSpecs": {name: _replica("tensorflow") for name in present}})

    assert {name for name, pod in pods.items() if pod.writer} == writers


def test_a_parameter_server_may_restart_and_an_evaluator_may_not() -> None:
    spec = {"tfReplicaSpecs": {"PS": _replica(), "Evaluator": _replica()}}
    pods = _pods("TFJob", spec)

    assert pods["ps"].subrole is Subrole.PS
    assert pods["ps"].restart is None
    assert pods["evaluator"].subrole is Subrole.EVALUATOR
    assert pods["evaluator"].restart is not None


@pytest.mark.parametrize("kind", ["PyTorchJob", "PaddleJob"])
def test_elastic_policy_marks_the_restart_policy(kind: str) -> None:
    field = "pytorchReplicaSpecs" if kind == "PyTorchJob" else "paddleReplicaSpecs"
    plain = _pods(kind, {field: {"Worker": _replica()}})["worker"].restart
    elastic = _pods(kind, {"elasticPolicy": {}, field: {"Worker": _replica()}})["worker"].restart

    assert plain is not None
    assert elastic is not None
    assert (plain.elastic, elastic.elastic) == (False, True)


@pytest.mark.parametrize(("limit", "recommended"), [(0, "Never"), (3, "ExitCode")])
def test_never_is_recommended_only_for_a_budget_of_zero(limit: int, recommended: str) -> None:
    spec = {
        "runPolicy": {"backoffLimit": limit},
        "pytorchReplicaSpecs": {"Worker": _replica()},
    }
    restart = _pods("PyTorchJob", spec)["worker"].restart

    assert restart is not None
    assert restart.recommended == recommended


def test_the_counterpart_of_an_unwritten_budget_is_exit_code() -> None:
    restart = _pods("PyTorchJob", {"pytorchReplicaSpecs": {"Worker": _replica()}})["worker"].restart

    assert restart is not None
    assert restart.recommended == "ExitCode"


def test_the_retry_budget_is_in_the_run_policy() -> None:
    retry = _retry("PyTorchJob", FINE_TUNING)

    assert retry.value.path == ("spec", "runPolicy", "backoffLimit")
    assert (retry.value.value, retry.value.presence) == (3, Presence.WRITTEN)
    assert (retry.form, retry.bound, retry.unset_passes) == ("operator", "max", False)


@pytest.mark.parametrize(("policy", "preset"), [("Never", 0), ("ExitCode", 3), ("OnFailure", 3)])
def test_an_unset_budget_is_written_so_that_it_acts(policy: str, preset: int) -> None:
    retry = _retry("XGBoostJob", {"xgbReplicaSpecs": {"Worker": _replica(restartPolicy=policy)}})

    assert retry.value.absent
    assert retry.preset == preset


def test_the_deadline_is_in_the_run_policy() -> None:
    known = find_kind("kubeflow.org", "TFJob")
    assert known is not None
    deadlines = known.deadlines(known.view(_object("TFJob", {})), ())

    assert isinstance(deadlines, Deadlines)
    assert deadlines.fix_at == (("spec", "runPolicy", "activeDeadlineSeconds"),)
    assert deadlines.places[0].absent


def test_a_replica_without_a_template_is_passed_over() -> None:
    assert _pods("PyTorchJob", {"pytorchReplicaSpecs": {"Worker": {"replicas": 4}}}) == {}


@pytest.mark.parametrize("kind", ["PyTorchJob", "TFJob", "XGBoostJob", "PaddleJob", "JAXJob"])
def test_these_kinds_train(kind: str) -> None:
    known = find_kind("kubeflow.org", kind)

    assert known is not None
    assert known.role is Role.TRAINING
    assert known.plural == f"{kind.lower()}s"
    assert len(known.required) == 1
