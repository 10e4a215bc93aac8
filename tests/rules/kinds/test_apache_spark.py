"""SparkApplication of Apache's operator: two pods, made of templates and of Spark's settings."""

from typing import Any

import pytest

from rules.kinds.roles import Role
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload

TEMPLATE = {
    "podTemplateSpec": {
        "spec": {
            "activeDeadlineSeconds": 60,
            "containers": [{"name": "own", "env": [{"name": "A"}]}, {"name": "helper"}],
        }
    }
}
SETTINGS = {
    "spark.kubernetes.container.image": "registry.example/spark:4",
    "spark.executor.memory": "16g",
    "spark.executor.cores": "4",
    "spark.executor.resource.gpu.amount": "1",
    "spark.executor.resource.gpu.vendor": "nvidia.com",
    "spark.executor.instances": "3",
}


def make(**spec: Any) -> Workload:
    body = {"runtimeVersions": {"sparkVersion": "4.0.0"}, "pyFiles": "s3a://a/train.py", **spec}
    version = "spark.apache.org/v1"
    return make_workload({"apiVersion": version, "kind": "SparkApplication", "spec": body})


def test_settings_make_the_containers() -> None:
    driver, executor = make(sparkConf=SETTINGS, driverSpec=TEMPLATE, driverArgs=["--lr"]).pods
    main, helper = driver.containers

    assert (driver.writer, executor.writer) == (True, False)
    assert (main.get("image"), main.get("command")) == (
        "registry.example/spark:4",
        "s3a://a/train.py",
    )
    assert (main.get("env"), main.get("args"), helper.name) == ([{"name": "A"}], ["--lr"], "helper")
    assert main.made == {"resources"}
    assert executor.containers[0].get("resources") == {
        "requests": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"},
        "limits": {"memory": "16Gi", "nvidia.com/gpu": "1"},
    }


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({}, 2),
        ({"spark.executor.instances": "5"}, 5),
        ({"spark.executor.instances": "$COUNT"}, None),
        ({"spark.dynamicAllocation.enabled": "true"}, None),
    ],
)
def test_executors(settings: dict[str, str], count: int | None) -> None:
    driver, executor = make(sparkConf=settings).pods

    assert (driver.replicas, executor.replicas) == (1, count)


def test_what_trains_and_how_it_is_bounded() -> None:
    bounded, free = make(driverSpec=TEMPLATE), make()

    assert (bounded.role, make(pyFiles="s3a://a/report.py").role) == (Role.TRAINING, Role.OTHER)
    assert [
        one.value for each in (bounded, free) if each.deadlines for one in each.deadlines.places
    ] == [60, None]


@pytest.mark.parametrize(
    ("policy", "tried"), [("OnFailure", 1), ("OnInfrastructureFailure", 1), ("Never", 0)]
)
def test_restarts(policy: str, tried: int) -> None:
    restart = {"restartPolicy": policy, "maxRestartAttempts": 2}
    retries = make(applicationTolerations={"restartConfig": restart}).retries

    assert [one.value.value for one in retries] == [2] * tried
