"""CPU times of works that are held against each other."""

import gc
import resource
import time
from collections.abc import Callable, Mapping

ROUNDS = 9


def fastest(works: Mapping[str, Callable[[], None]], rounds: int = ROUNDS) -> dict[str, float]:
    """The least seconds of each; in turns, so that a busy machine slows all alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
            gc.collect()
    return best


def read_cpu() -> float:
    """Seconds of CPU that the processes took that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
