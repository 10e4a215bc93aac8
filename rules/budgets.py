"""Retry budgets that multiply one another: how many attempts they come to together."""

from collections.abc import Iterable
from math import inf, prod

from rules.kinds.runs import Retry
from rules.model import Presence
from rules.workload import Workload


def find_excess(workload: Workload, retries: Iterable[Retry]) -> float | None:
    """How many attempts ``retries`` come to, where they multiply to more than the policy allows."""
    attempts, most = count_multiplied(retries), workload.parameters["retries"]["max_total_attempts"]
    return attempts if attempts is not None and most < attempts < inf else None


def count_multiplied(retries: Iterable[Retry]) -> float | None:
    """How often the work is done at most by budgets that multiply one another: some that restart
    everything, and some within. None where none do, or that is not known."""
    known = [(retry.whole, retry.attempts) for retry in retries]
    if any(attempts is None for _, attempts in known):
        return None
    outer = prod(attempts or 1 for whole, attempts in known if whole)
    inner = max((attempts or 1 for whole, attempts in known if not whole), default=1)
    return outer * inner if outer > 1 and inner > 1 else None


def fit_amounts(workload: Workload, bad: list[Retry], wanted: list[int]) -> list[int] | None:
    """The numbers to write into budgets, which are ``wanted``, or less where they would multiply
    to too many attempts. None where no retry would be left of one that is to have some: a person
    must say which budget is the larger one."""
    kept = [retry for retry in workload.retries if retry not in bad]
    amounts = list(wanted)
    while any(amounts):
        written = [_put(retry, amount) for retry, amount in zip(bad, amounts, strict=True)]
        if find_excess(workload, [*kept, *written]) is None:
            break
        amounts[amounts.index(max(amounts))] -= 1
    lost = any(want and not amount for want, amount in zip(wanted, amounts, strict=True))
    return None if lost else amounts


def _put(retry: Retry, amount: int) -> Retry:
    return retry._replace(value=retry.value._replace(value=amount, presence=Presence.WRITTEN))
