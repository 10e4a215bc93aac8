"""How runs are started, retried and bounded in time."""

from math import inf

from rules.closed_set import StrEnum
from rules.model import Value
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any


class WhenEnded(StrEnum):
    """What becomes of a pod that has ended.

    ``COUNTED``: the controller of a run takes it for its success or failure. ``RESTARTED``: it is
    started again, be it after success. ``LOST``: nobody replaces one whose node is gone.
    """

    COUNTED = "counted"
    RESTARTED = "restarted"
    LOST = "lost"


class Retry(NamedTuple):
    """One retry budget. ``unset`` says what absence means; ``unset_passes`` that it is harmless.

    ``bound`` names the parameter of TRN002 that it must not exceed, empty where nothing bounds it.
    ``preset`` is what a fix writes where the budget is absent, None for no fix; ``preset_reason``
    says why just that, where it is one of several. ``pod`` is the path of the one pod template that
    it retries, None for all of them. ``whole``: it restarts
    everything, and all other budgets begin anew. ``inert`` is why it is never consulted,
    ``endless`` why what it counts never happens, so that it bounds nothing. ``counts`` is False for
    a bound on other things than attempts. ``limitless`` is why the retries never end, ``transient``
    that they follow upon passing errors alone.
    """

    value: Value
    unset: str
    form: str = "operator"
    unset_passes: bool = False
    bound: str = "max"
    preset: int | None = None
    preset_reason: str = ""
    safe: bool = True
    pod: Path | None = None
    whole: bool = False
    inert: str = ""
    endless: str = ""
    counts: bool = True
    limitless: str = ""
    transient: bool = False

    @property
    def attempts(self) -> float | None:
        """How often the work is done at most by this budget: infinite where nothing bounds it,
        None where that is not known."""
        if self.inert or not self.counts:
            return 1
        if self.limitless or self.endless or self.value.value is None:
            return inf
        most = self.value.number
        return None if most is None else 1 + max(0, most)

    @property
    def degree(self) -> float:
        """How many retries there are; where nothing bounds them, more than anyone writes."""
        most = self.value.number
        return 2.0**32 if most is None else 1.0 + max(0, most)

    def explain(self, amount: int) -> str:
        """What a number that a fix writes is for, to go on after it."""
        reason = self.preset_reason if amount == self.preset else "the most that the policy allows"
        return f" ({reason})" if reason else ""


class Deadlines(NamedTuple):
    """Where a wall-clock bound can stand: any one of ``places`` that is set bounds the workload.

    ``fix_at`` are the paths that a fix writes. ``pod_only`` is a bound of the pod alone, which the
    controller retries. ``counting`` says what the clock counts, ``per_attempt`` that it begins anew
    with each.
    """

    places: tuple[Value, ...]
    fix_at: tuple[Path, ...] = ()
    pod_only: Value | None = None
    counting: str = ""
    field: str = "activeDeadlineSeconds"
    advice: str = ""
    per_attempt: bool = False


class LoneRetry(NamedTuple):
    """What brings back one rank of several alone, while the others wait for it.

    ``effect`` says how, ``expected`` what restarts them together; ``changes`` are the values and
    what a fix writes. ``ranks_only``: it matters only where a launcher joins the pods to one job.
    ``serves``: the ranks serve a model, and train none.
    """

    value: Value
    effect: str
    expected: str
    changes: tuple[tuple[Value, Any], ...] = ()
    ranks_only: bool = False
    serves: bool = False


class Disruption(NamedTuple):
    """What makes an eviction count as a failure of the work.

    ``value`` is the field that would tell them apart, ``effect`` what happens without. ``changes``
    are values and what a fix writes there, ``expected`` what a person should. ``pod`` is the path
    of the one template that is meant, None for all.
    """

    value: Value
    effect: str
    expected: str
    changes: tuple[tuple[Value, Any], ...] = ()
    safe: bool = False
    pod: Path | None = None


class Leftover(NamedTuple):
    """Pods that a finished run leaves running.

    ``value`` is the field that decides, ``effect`` what it does. ``wanted`` is what a fix writes
    there, None for no fix; ``expected`` what a person should. ``ttl`` is what takes the whole run
    away in the end; ``delay`` says for how long what is ``wanted`` leaves it. ``stands_alone``:
    there is no run, and nothing that ends.
    """

    value: Value
    effect: str
    wanted: Any = None
    expected: str = ""
    ttl: Value | None = None
    delay: Value | None = None
    stands_alone: bool = False


class Schedule(NamedTuple):
    """How a scheduled kind starts its runs.

    ``concurrency`` is None where the kind has no such field (``advice`` then says what to do).
    ``exclusive``: a mutex or semaphore keeps runs apart. ``suspended``: no run starts. ``unset``
    goes on where no policy is set: what that means. ``missed`` says what becomes of a run that does
    not start in time where no starting deadline is set, ``shortest`` is the least such deadline
    that lets any run start. ``zone_inside`` is a clause on what a time zone in the schedule's own
    text leads to, empty where it is taken; ``local_zone`` the same on the zone ``Local``.
    """

    path: Path
    concurrency: Value | None
    suspended: bool = False
    exclusive: bool = False
    advice: str = ""
    unset: str = "which means Allow"
    missed: str = "a missed run starts whenever the controller is back, at any hour"
    shortest: int = 0
    zone_inside: str = ""
    local_zone: str = ""
