"""How the time of some work grows with its input.

A ratio of the process's own processor time: neither a slow machine nor a busy one changes it.
"""

import time
from collections.abc import Callable


def measure_growth(work: Callable[[int], object], size: int, factor: int) -> float:
    """How many times as long ``work`` takes for ``size * factor`` as for ``size``: about ``factor``
    where its time is in proportion, ``factor`` squared where it is quadratic."""
    return _measure(work, size * factor) / _measure(work, size)


def _measure(work: Callable[[int], object], size: int) -> float:
    """The best of three tries."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work(size)
        times.append(time.process_time() - start)
    return max(min(times), 1e-6)
