"""How the time of a review grows with its body: no field may make it grow faster than itself.

Each family makes one field larger, up to 2.4 MB: twice the body may take 2.6 times the CPU time,
and no more memory than 2 GiB. Ratios of one run hold on a busy machine too.
"""

import gc
import itertools
import math
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from tests.load.growth_families import FAMILIES
from tests.load.judging import CONTEXTS, judge
from webhook.observability.metrics import Metrics
from webhook.server.process import GC_THRESHOLDS

MAX_GROWTH = 2.6
LEAST_TIME = 0.02
"""Seconds below which a ratio of times says nothing."""
MAX_SECONDS = 10.0
"""CPU seconds of any body; after half of them no larger one is tried."""
MAX_MEMORY = 2 * 2**30
"""Bytes of address space: what needs more fails as crashed."""
LARGEST = 2_400_000


@pytest.fixture(scope="module", autouse=True)
def as_in_a_server() -> Iterator[None]:
    """The collector as the server sets it, and bounded memory."""
    before, (soft, hard) = gc.get_threshold(), resource.getrlimit(resource.RLIMIT_AS)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.load
@pytest.mark.parametrize("name", FAMILIES)
def test_twice_the_body_takes_little_more_than_twice_the_time(name: str) -> None:
    times = scale(FAMILIES[name])
    # What looks too slow is measured again: the machine may have had other things to do.
    for _ in range(2):
        if grows_too_fast(times):
            times = [min(pair) for pair in zip(times, scale(FAMILIES[name]), strict=False)]
    print(f"{times[-1] * 1000:.0f} ms at the end, {ratios(times)}")
    assert not grows_too_fast(times), ratios(times)


def scale(make: Callable[[int], Any]) -> list[float]:
    """The seconds of four sizes, each twice the one before; fewer where that would take long."""
    units = count_units(make)
    times: list[float] = []
    for factor in (1, 2, 4, 8):
        times.append(measure(orjson.dumps(make(units * factor))))
        if times[-1] > MAX_SECONDS / 2:
            break
    return times


def grows_too_fast(times: list[float]) -> bool:
    if times[-1] > MAX_SECONDS:
        return True
    return any(
        after > LEAST_TIME and after / before > MAX_GROWTH
        for before, after in itertools.pairwise(times)
    )


def ratios(times: list[float]) -> str:
    pairs = itertools.pairwise(times)
    return "times " + ", ".join(f"{after / before:.2f}" for before, after in pairs)


def count_units(make: Callable[[int], Any]) -> int:
    """How many units come to an eighth of the largest size."""
    size = (len(orjson.dumps(make(300))) - len(orjson.dumps(make(100)))) / 200
    return max(1, int(LARGEST / 8 / size))


def measure(body: bytes) -> float:
    """The CPU seconds of both reviews, the best of three tries; endless where a rule crashed."""
    metrics = Metrics()
    times: list[float] = []
    while len(times) < 3 and sum(times) < 1:
        start = time.process_time()
        outcomes = judge(body, CONTEXTS[0], metrics)
        times.append(time.process_time() - start)
        if any(outcome.errors for outcome in outcomes.values()):
            return math.inf
    return min(times)
