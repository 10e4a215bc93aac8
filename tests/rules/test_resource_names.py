"""What is meant by names of resources that nobody serves."""

import pytest

from rules.resource_names import (
    NEURON,
    NVIDIA,
    TPU,
    find_meant,
    find_nearest,
    is_no_slice,
    is_retired,
)
from rules.words import count_edits


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpu", NVIDIA),
        ("GPU", NVIDIA),
        ("nvidia-gpu", NVIDIA),
        ("gpu.nvidia.com", NVIDIA),
        ("nvidia.com/gpus", NVIDIA),
        ("nvidia.com/GPU", NVIDIA),
        ("tpu", TPU),
        ("aws.amazon.com/neurondevice", NEURON),
        ("nvidia.com/gpu", None),
        ("nvidia.com/gpu-1", None),
        ("nvidia.com/gpu.shared", None),
        ("example.com/gpu", None),
        ("cpu", None),
        ("gpu" * 100, None),
    ],
)
def test_what_a_name_is_meant_for(name: str, meant: str | None) -> None:
    assert find_meant(name) == meant


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("nvdia.com/gpu", NVIDIA),
        ("nvidia.com/gup", NVIDIA),
        ("nvidia.com/gpu", None),
        ("amd.com/gpux", "amd.com/gpu"),
        ("xyz.com/gpu", None),
        ("intel.com/gpu", None),
        ("x" * 10_000, None),
    ],
)
def test_the_name_that_another_is_near_to(name: str, near: str | None) -> None:
    assert find_nearest(name) == near


@pytest.mark.parametrize(
    ("profile", "impossible"),
    [
        ("1g.5gb", False),
        ("1g.6gb", False),
        ("1g.10gb.me", False),
        ("3g.40gb", False),
        ("7g.80gb", False),
        ("7g.141gb.shared", False),
        ("5g.40gb", True),
        ("2g.5gb", True),
        ("1g5gb", True),
        ("1g.5", True),
        ("small", False),
    ],
)
def test_slices_that_no_gpu_has(profile: str, *, impossible: bool) -> None:
    assert is_no_slice(f"nvidia.com/mig-{profile}") is impossible


def test_names_that_were_served_once() -> None:
    assert is_retired("cloud-tpus.google.com/v2")
    assert not is_retired("google.com/tpu")


@pytest.mark.parametrize(
    ("one", "two", "edits"), [("", "ab", 2), ("gpu", "gpu", 0), ("gpu", "cpu", 1), ("abc", "ca", 3)]
)
def test_how_many_letters_two_words_differ_by(one: str, two: str, edits: int) -> None:
    assert count_edits(one, two) == count_edits(two, one) == edits
