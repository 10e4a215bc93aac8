"""Spark applications: driver and executors, what they run, and how runs are retried and started."""

from typing import Any

import pytest

from rules.inventory import Inventory
from rules.kinds import find_kind
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Presence
from rules.policy import Policy
from rules.workload import Workload

TRAINS: dict[str, Any] = {
    "image": "registry.example/spark:4",
    "mainApplicationFile": "local:///opt/app/train.py",
    "arguments": ["--epochs", "3", "--learning-rate", "0.1"],
    "driver": {"cores": 1, "memory": "512m"},
    "executor": {"instances": 3, "cores": 2, "memory": "4g"},
}


def make_workload(
    spec: dict[str, Any], kind: str = "SparkApplication", *, admitted: bool = False
) -> Workload:
    body = {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": kind, "spec": spec}
    manifest = Manifest(body, admitted=admitted)
    return Workload(manifest, _kind(kind), Inventory(), Policy().parameters)


def _kind(name: str) -> Kind:
    kind = find_kind("sparkoperator.k8s.io", name)
    assert kind is not None
    return kind


def test_driver_and_executors_are_pods() -> None:
    driver, executor = make_workload(TRAINS).pods

    assert (driver.path, driver.subrole, driver.replicas) == (("spec", "driver"), Subrole.MASTER, 1)
    assert (executor.path, executor.subrole) == (("spec", "executor"), Subrole.WORKER)
    assert executor.replicas == 3
    assert (driver.writer, executor.writer) == (True, False)
    assert (driver.restart, executor.restart) == (None, None)


def test_a_scheduled_application_is_the_same_deeper_down() -> None:
    spec = {"schedule": "@daily", "template": TRAINS}
    driver, executor = make_workload(spec, "ScheduledSparkApplication").pods

    assert driver.path == ("spec", "template", "driver")
    assert driver.volumes_at == ("spec", "template", "volumes")
    assert executor.replicas == 3
    assert driver.mains[0].place("args", 0) == ("spec", "template", "arguments", 0)


def test_executors_that_come_and_go_are_not_counted() -> None:
    spec = {**TRAINS, "dynamicAllocation": {"enabled": True}}

    assert [pod.replicas for pod in make_workload(spec).pods] == [1, None]


def test_what_it_runs_stands_in_the_application() -> None:
    (main,) = make_workload(TRAINS).pods[0].mains

    assert main.name == "spark-kubernetes-driver"
    assert main.get("command") == "local:///opt/app/train.py"
    assert main.get("args", 1) == "3"
    assert main.place("command") == ("spec", "mainApplicationFile")
    assert main.place("args", 1) == ("spec", "arguments", 1)
    assert (main.get("image"), main.place("image")) == (TRAINS["image"], ("spec", "image"))


def test_a_part_has_an_image_of_its_own() -> None:
    own = {**TRAINS["driver"], "image": "registry.example/driver:4"}
    (main,) = make_workload({**TRAINS, "driver": own}).pods[0].mains

    assert (main.get("image"), main.place("image")) == (own["image"], ("spec", "driver", "image"))


def test_settings_of_spark_become_resources() -> None:
    device = {"name": "nvidia.com/gpu", "quantity": 2}
    part = {"cores": 2, "coreLimit": "2400m", "memory": "4g", "gpu": device}
    workload = make_workload({**TRAINS, "executor": part})
    driver, executor = workload.pods

    assert executor.mains[0].get("resources") == {
        "requests": {"cpu": 2, "memory": "4Gi", "nvidia.com/gpu": 2},
        "limits": {"cpu": "2400m", "memory": "4Gi", "nvidia.com/gpu": 2},
    }
    assert driver.mains[0].get("resources", "requests", "memory") == "512Mi"
    assert workload.accelerated(executor)
    assert not workload.accelerated(driver)


def test_a_memory_limit_is_the_parts_own() -> None:
    part = {"memory": "4g", "memoryLimit": "6Gi"}
    _, executor = make_workload({**TRAINS, "executor": part}).pods

    assert executor.mains[0].get("resources", "limits", "memory") == "6Gi"


def test_the_pod_template_lies_under_the_part() -> None:
    template = {
        "spec": {
            "nodeSelector": {"pool": "cpu"},
            "priorityClassName": "training",
            "volumes": [{"name": "scratch", "emptyDir": {}}],
            "containers": [{"name": "spark-kubernetes-driver", "workingDir": "/work"}],
        }
    }
    part = {
        "template": template,
        "nodeSelector": {"zone": "a"},
        "volumeMounts": [{"name": "models", "mountPath": "/models"}],
        "sidecars": [{"name": "logs", "image": "fluent-bit:1"}],
        "initContainers": [{"name": "fetch", "image": "aws-cli:2"}],
    }
    volumes = [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}]
    driver = make_workload({**TRAINS, "driver": part, "volumes": volumes}).pods[0]

    assert driver.spec["nodeSelector"] == {"pool": "cpu", "zone": "a"}
    assert driver.spec["priorityClassName"] == "training"
    assert [volume.path[1:3] for volume in driver.volumes] == [
        ("volumes", 0),
        ("driver", "template"),
    ]
    assert [container.name for container in driver.containers] == [
        "spark-kubernetes-driver",
        "fetch",
        "logs",
    ]
    assert driver.mains[0].get("workingDir") == "/work"
    assert [mount.path for mount in driver.mains[0].mounts] == [
        ("spec", "driver", "volumeMounts", 0)
    ]


@pytest.mark.parametrize(
    ("spec", "role"),
    [
        (TRAINS, Role.TRAINING),
        (
            {
                **TRAINS,
                "mainApplicationFile": "local:///opt/spark/examples/jars/spark-examples.jar",
                "mainClass": "org.apache.spark.examples.SparkPi",
                "arguments": ["5000"],
            },
            Role.OTHER,
        ),
        (
            {**TRAINS, "mainApplicationFile": "s3a://jobs/preprocess.py", "arguments": []},
            Role.DATA,
        ),
    ],
)
def test_the_role_is_that_of_what_it_runs(spec: dict[str, Any], role: Role) -> None:
    assert make_workload(spec).role is role


def test_a_schedule_makes_training_a_retraining() -> None:
    spec = {"schedule": "@daily", "template": TRAINS}

    assert make_workload(spec, "ScheduledSparkApplication").role is Role.RETRAINING


@pytest.mark.parametrize(
    ("policy", "budgets"),
    [
        ({}, []),
        ({"type": "Never", "onFailureRetries": 9}, []),
        ({"type": "Always"}, []),
        ({"type": "OnFailure"}, [None]),
        ({"type": "OnFailure", "onFailureRetries": 9}, [9]),
    ],
)
def test_only_failures_have_a_budget(policy: dict[str, Any], budgets: list[int | None]) -> None:
    retries = make_workload({**TRAINS, "restartPolicy": policy}).retries

    assert [retry.value.value for retry in retries] == budgets
    assert all(retry.unset_passes for retry in retries)


def test_only_the_drivers_pod_can_be_bounded() -> None:
    deadlines = make_workload(TRAINS).deadlines

    assert deadlines is not None
    assert [place.path for place in deadlines.places] == [
        ("spec", "driver", "template", "spec", "activeDeadlineSeconds")
    ]


@pytest.mark.parametrize(
    ("spec", "presence"),
    [({}, Presence.ABSENT), ({"concurrencyPolicy": "Allow"}, Presence.WRITTEN)],
)
def test_runs_may_overlap_unless_it_says_no(spec: dict[str, Any], presence: Presence) -> None:
    """No webhook writes Allow into the object (``scheduledsparkapplication_defaulter.go``)."""
    body = {"schedule": "@daily", "template": TRAINS, **spec}
    schedule = make_workload(body, "ScheduledSparkApplication", admitted=True).schedule

    assert schedule is not None
    assert schedule.concurrency is not None
    assert (schedule.concurrency.value, schedule.concurrency.presence) == ("Allow", presence)
    assert "since v2 no second run starts" in schedule.unset


def test_an_application_has_no_schedule() -> None:
    assert make_workload(TRAINS).schedule is None


def test_the_kinds_are_registered() -> None:
    names = ("SparkApplication", "ScheduledSparkApplication")

    assert [_kind(name).plural for name in names] == [f"{name.lower()}s" for name in names]
