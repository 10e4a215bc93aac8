"""How long probes wait, and the startup probe that is made of them."""

from typing import Any

import pytest

from rules.commands import CommandLine
from rules.kinds.podspec import make_bare_pod
from rules.probes import can_fail, make_startup_probe, read_budget

GET = {"httpGet": {"path": "/ready", "port": 80}}
ASK = {"exec": {"command": ["ask"]}}


def command(body: dict[str, Any]) -> CommandLine:
    spec = {"containers": [{"name": "main", **body}]}
    return CommandLine(make_bare_pod(("spec",), spec).mains[0])


def test_a_budget_has_the_defaults_of_the_api() -> None:
    budget = read_budget({"initialDelaySeconds": None, "periodSeconds": 0})

    assert budget == (0, 10, 3)
    assert budget.seconds == 30


@pytest.mark.parametrize("number", ["$X", True])
def test_a_budget_that_is_no_number_is_unknown(number: Any) -> None:
    assert read_budget({"periodSeconds": number}) is None


@pytest.mark.parametrize(
    ("body", "asked", "timeout", "sure"),
    [
        ({"livenessProbe": ASK, "readinessProbe": GET}, ASK, 5, True),
        ({"livenessProbe": {}, "readinessProbe": GET}, GET, 5, False),
        ({"livenessProbe": {**GET, "initialDelaySeconds": "$D"}}, GET, 5, False),
        ({"livenessProbe": {**GET, "timeoutSeconds": 30}}, GET, 30, True),
        ({"livenessProbe": {**GET, "timeoutSeconds": "$T"}}, GET, 5, True),
        (
            {"image": "vllm/vllm-openai", "ports": [{"containerPort": 80}]},
            {"httpGet": {"path": "/health", "port": 80}},
            5,
            False,
        ),
        ({"image": "ollama/ollama"}, {"httpGet": {"path": "/", "port": 11434}}, 5, False),
    ],
)
def test_a_startup_probe_asks_as_other_probes_or_the_server_do(
    body: dict[str, Any], asked: dict[str, Any], timeout: int, *, sure: bool
) -> None:
    made = make_startup_probe(command(body), 181)

    assert made is not None
    assert made[0] == {
        **asked,
        "periodSeconds": 10,
        "timeoutSeconds": timeout,
        "failureThreshold": 19,
    }
    assert made[1] is sure


@pytest.mark.parametrize(
    ("body", "sure"),
    [({"readinessProbe": GET}, True), ({"image": "vllm/vllm-openai"}, False), ({}, None)],
)
def test_where_nothing_restarted_a_server_a_measured_load_and_its_own_probe_make_one_safe(
    body: dict[str, Any], *, sure: bool | None
) -> None:
    made = make_startup_probe(command(body), 300, measured=True)
    assert (made and made[1]) is sure


@pytest.mark.parametrize("name", ["livenessProbe", "readinessProbe"])
def test_a_startup_probe_waits_no_less_than_the_probe_that_it_asks_as(name: str) -> None:
    made = make_startup_probe(command({name: {**GET, "initialDelaySeconds": 600}}), 181)

    assert made is not None
    assert made[0]["failureThreshold"] == 63


@pytest.mark.parametrize(
    ("body", "port"),
    [
        ({}, 80),
        ({"ports": [{"containerPort": 7}], "args": ["--port=8"]}, 8),
        ({"ports": [{"containerPort": 7}]}, 7),
        ({"ports": [{"containerPort": 7}, {"containerPort": 80}]}, 80),
        ({"args": ["--port=8"], "env": [{"name": "PORT", "value": "9"}]}, 8),
        ({"args": ["--port", "$P"], "env": [{"name": "P", "value": 8}]}, 8),
        ({"env": [{"name": "PORT", "value": "9"}]}, 9),
        ({"env": [{"name": "PORT", "valueFrom": {}}]}, 80),
        ({"image": "ollama/ollama", "env": [{"name": "OLLAMA_HOST", "value": "0.0.0.0:9"}]}, 9),
        ({"image": "openvino/model_server", "args": ["--rest_port=9"]}, 9),
    ],
)
def test_a_startup_probe_asks_where_the_server_listens(body: dict[str, Any], port: int) -> None:
    made = make_startup_probe(command({"image": "x/text-generation-inference", **body}), 180)

    assert made is not None
    assert made[0]["httpGet"]["port"] == port


@pytest.mark.parametrize(
    "body",
    [
        {"image": "x/text-generation-inference", "args": ["--port={{ port }}"]},
        {"image": "x/text-generation-inference", "args": ["--hostname", "127.0.0.1"]},
        {"image": "vllm/vllm-openai", "args": ["--host=localhost", "--model", "m"]},
        {"image": "nvcr.io/nvidia/tritonserver", "args": ["--allow-http=false"]},
        {"image": "openvino/model_server"},
        {"image": "tensorflow/serving"},
    ],
)
def test_no_startup_probe_asks_where_nobody_may_listen(body: dict[str, Any]) -> None:
    assert make_startup_probe(command(body), 180) is None


def test_no_startup_probe_asks_a_port_by_a_name_that_none_has() -> None:
    probe = {"livenessProbe": {"httpGet": {"path": "/health", "port": "http"}}}
    assert make_startup_probe(command(probe), 180) is None
    declared = {**probe, "ports": [{"name": "http", "containerPort": 80}]}
    made = make_startup_probe(command(declared), 180)
    assert made is not None
    assert made[0]["httpGet"]["port"] == "http"


def test_no_startup_probe_is_made_up() -> None:
    assert make_startup_probe(command({"image": "org/server"}), 180) is None


@pytest.mark.parametrize(
    ("words", "fails"),
    [
        (["/bin/sh", "-c", "exit 0"], False),
        (["true"], False),
        (["pgrep", "-f", "vllm"], False),
        (["bash", "-c", "kill -0 1; ps aux"], False),
        (["sh", "-c", "ps aux && curl -f localhost:8000/health"], True),
        (["/usr/local/bin/healthy"], True),
        ([], True),
        ("true", True),
    ],
)
def test_a_command_that_looks_at_processes_alone_cannot_fail(words: Any, fails: bool) -> None:  # noqa: FBT001
    assert can_fail({"exec": {"command": words}}) is fails
    assert can_fail({"httpGet": {"path": "/", "port": 80}}) is True


def test_a_probe_that_cannot_fail_is_not_copied() -> None:
    idle = {"livenessProbe": {"exec": {"command": ["true"]}}}
    assert make_startup_probe(command(idle), 180) is None
    made = make_startup_probe(command({**idle, "readinessProbe": GET}), 180)
    assert made is not None
    assert made[0]["httpGet"] == GET["httpGet"]
