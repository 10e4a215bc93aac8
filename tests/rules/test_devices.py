"""How a container comes to see accelerators that it did not ask for."""

import pytest

from rules.devices import leaves_gpus, looks_after_nodes, names_devices, runs_cuda
from rules.image import parse_image


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("all", True),
        ("0", True),
        ("0, 1", True),
        ("GPU-8dcd427f", True),
        ("MIG-3f1d", True),
        ("none", False),
        ("void", False),
        ("", False),
        ("$GPUS", False),
    ],
)
def test_values_that_name_gpus(text: str, *, named: bool) -> None:
    assert names_devices(text) is named


@pytest.mark.parametrize(
    ("image", "cuda"),
    [
        ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", True),
        ("docker.io/nvidia/cuda:12.4.1", True),
        ("nvcr.io/nvidia/pytorch:24.05-py3", True),
        ("pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime", True),
        ("rayproject/ray:2.9.0-py39-cu121", True),
        ("tensorflow/tensorflow:2.15.0-gpu", True),
        ("registry.example.com/tool-cuda:1", True),
        ("python:3.12", False),
        ("registry.example.com/cucumber:1", False),
        ("registry.example.com/cu:1", False),
        ("", False),
    ],
)
def test_images_of_cuda(image: str, *, cuda: bool) -> None:
    assert runs_cuda(parse_image(image)) is cuda


@pytest.mark.parametrize(
    ("image", "infrastructure"),
    [
        ("nvcr.io/nvidia/k8s-device-plugin:v0.17.0", True),
        ("nvcr.io/nvidia/cloud-native/dcgm:4.1", True),
        ("nvcr.io/nvidia/k8s/dcgm-exporter:4.1", True),
        ("rocm/test-runner:v1.4.0", True),
        ("registry.example/gpu-healthcheck:1", True),
        ("nvcr.io/nvidia/pytorch:24.05-py3", False),
    ],
)
def test_images_of_what_looks_after_a_node(image: str, *, infrastructure: bool) -> None:
    assert looks_after_nodes(parse_image(image)) is infrastructure


@pytest.mark.parametrize(
    ("limits", "leaves"),
    [
        ({"nvidia.com/gpu": 1}, True),
        ({"amd.com/gpu": "3"}, True),
        ({"nvidia.com/gpu": 4}, False),
        ({"nvidia.com/gpu": 0}, False),
        ({"google.com/tpu": 1}, False),
        ({}, False),
    ],
)
def test_few_gpus_leave_others_on_the_node(limits: dict[str, object], *, leaves: bool) -> None:
    assert leaves_gpus({"limits": limits}) is leaves
