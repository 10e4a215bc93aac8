"""How runs are started, retried and bounded in time."""

from typing import NamedTuple

from rules.model import Value
from rules.paths import Path


class Retry(NamedTuple):
    """One retry budget. ``unset`` says what absence means; ``unset_passes`` that it is harmless.

    ``bound`` names the parameter of TRN002 that it must not exceed, empty where nothing bounds it.
    ``preset`` is what a fix writes where the budget is absent, None for no fix. ``pod`` is the path
    of the one pod template that it retries, None for all of them.
    """

    value: Value
    unset: str
    form: str = "operator"
    unset_passes: bool = False
    bound: str = "max"
    preset: int | None = None
    safe: bool = True
    pod: Path | None = None

    @property
    def degree(self) -> float:
        """How many retries there are; where nothing bounds them, more than anyone writes."""
        most = self.value.number
        return 2.0**32 if most is None else 1.0 + max(0, most)


class Deadlines(NamedTuple):
    """Where a wall-clock bound can stand: any one of ``places`` that is set bounds the workload.

    ``fix_at`` are the paths that a fix writes. ``pod_only`` is a bound of the pod alone, which the
    controller retries. ``counting`` says what the clock counts.
    """

    places: tuple[Value, ...]
    fix_at: tuple[Path, ...] = ()
    pod_only: Value | None = None
    counting: str = ""
    field: str = "activeDeadlineSeconds"
    advice: str = ""


class Schedule(NamedTuple):
    """How a scheduled kind starts its runs.

    ``concurrency`` is None where the kind has no such field (``advice`` then says what to do).
    ``exclusive``: a mutex or semaphore keeps runs apart. ``suspended``: no run starts. ``unset``
    goes on where no policy is set: what that means.
    """

    path: Path
    concurrency: Value | None
    suspended: bool = False
    exclusive: bool = False
    advice: str = ""
    unset: str = "which means Allow"
