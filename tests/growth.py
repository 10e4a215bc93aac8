"""How the time of some work grows with its input.

A ratio of the process's own processor time: a slow machine does not change it. A busy one hardly
does, for the two sizes take turns, and each counts with its best.
"""

import gc
import time
from collections.abc import Callable

TURNS = 5
"""At most: it is done as soon as the best are in proportion, which no quadratic work looks like."""
PROPORTION = 1.5


def measure_growth(work: Callable[[int], object], size: int, factor: int) -> float:
    """How many times as long ``work`` takes for ``size * factor`` as for ``size``: about ``factor``
    where its time is in proportion, ``factor`` squared where it is quadratic."""
    # What is made when first used counts for neither size.
    work(size)
    small, large = float("inf"), float("inf")
    for _ in range(TURNS):
        small = min(small, _measure(work, size))
        large = min(large, _measure(work, size * factor))
        if large <= small * factor * PROPORTION:
            break
    return large / max(small, 1e-6)


def _measure(work: Callable[[int], object], size: int) -> float:
    """Seconds of processor time, without the collector: a collection walks everything that the
    tests before have left, and many objects bring about more of them."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        work(size)
        return time.process_time() - start
    finally:
        gc.enable()
