"""Where a container listens."""

from typing import Any

import pytest

from rules.commands import CommandLine
from rules.kinds.podspec import make_container
from rules.ports import numbers_told, port_names, port_numbers, runs_own_server

PORTS: list[Any] = [{"name": "http", "containerPort": 80}, {"containerPort": "x"}, "junk"]


def test_declared_ports() -> None:
    container = make_container({"ports": PORTS}, ())
    assert port_names(container) == ("http",)
    assert port_numbers(container) == (80,)
    assert port_names(make_container({"ports": "80"}, ())) == ()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"ports": PORTS}, {80}),
        ({"args": ["--port=8080"]}, {8080}),
        ({"args": ["--listen", "0.0.0.0:9000"]}, {9000}),
        ({"env": [{"name": "PORT", "value": "8081"}]}, {8081}),
        ({"args": ["--size=1234567"]}, set()),
    ],
)
def test_numbers_that_may_be_a_ports(body: dict[str, Any], told: set[int]) -> None:
    assert numbers_told(CommandLine(make_container(body, ()))) == told


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ({"image": "vllm/vllm-openai:1", "args": ["--model", "org/model"]}, True),
        ({"image": "vllm/vllm-openai:1", "command": ["sh", "-c", "exec vllm serve x"]}, True),
        ({"image": "vllm/vllm-openai:1", "command": ["python", "serve.py"]}, False),
        ({"image": "registry.example.com/serve:1", "command": ["vllm", "serve"]}, False),
    ],
)
def test_a_container_runs_the_server_of_its_image(body: dict[str, Any], *, own: bool) -> None:
    assert runs_own_server(CommandLine(make_container(body, ()))) is own


def test_a_long_text_is_read_once() -> None:
    command = CommandLine(make_container({"env": [{"name": "X", "value": "1234 " * 4000}]}, ()))
    assert numbers_told(command) == {1234}
