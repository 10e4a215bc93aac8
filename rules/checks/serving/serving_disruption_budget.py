"""Draining nodes may stop all replicas of a model server.

## What
A model server with two or more replicas needs a PodDisruptionBudget that selects its pods and
allows one of them to be evicted.

## Why
A node upgrade may evict all replicas at once, and each takes a whole model load to come back. A
budget that allows no eviction is just as bad: the upgrade gets stuck, or is forced.

## Example
```yaml
kind: Deployment
spec: {replicas: 3}
```

## Use instead
```yaml
kind: PodDisruptionBudget
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: chat}}
```

## Fix safety
There is no fix: the budget is a separate object.

## References
- https://kubernetes.io/docs/tasks/run-application/configure-pdb/
"""

from collections.abc import Iterator, Mapping

from rules.kinds.facts import MAX_UNAVAILABLE, MIN_AVAILABLE
from rules.kinds.lookups import Answer, Neighbour
from rules.kinds.pods import Pod
from rules.kinds.roles import Subrole
from rules.model import Harm, Problem, Related, Rule, form_table
from rules.neighbourhood import place_of
from rules.paths import shorten
from rules.ports import known_server
from rules.type_names import Any
from rules.wording import show_value
from rules.workload import SERVING, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    unseen = workload.partial or workload.kind.dormant
    for pod in () if unseen else workload.pods_of(SERVING):
        served = any(known_server(workload.command(one)) for one in pod.mains)
        if served and _count_servers(pod) > 1:
            problem = _judge(workload, pod)
            if problem is not None:
                yield problem._replace(role_path=pod.path)


def _count_servers(pod: Pod) -> int:
    """How many there are of what answers requests; a worker goes with its leader."""
    if pod.subrole is Subrole.WORKER and pod.nodes > 1:
        return 0
    return (pod.replicas or 0) // (1 if pod.subrole is Subrole.MASTER else max(pod.nodes, 1))


def _judge(workload: Workload, pod: Pod) -> Problem | None:
    answer, budgets = workload.neighbourhood.find_disruption_budgets(pod)
    if answer is Answer.ABSENT:
        found = f"no PodDisruptionBudget selects its {pod.replicas} pods"
        return Problem("missing", pod.path, f"{found}; expected one with maxUnavailable 1")
    for budget in budgets:
        held = _find_hold(budget, pod.replicas or 0)
        if held is not None:
            fact, told = held
            found = f"PodDisruptionBudget {shorten(budget.key.name)} lets none go: {told}"
            place = Related(place_of(budget.key, fact), "none may go", budget.key)
            return Problem(
                "blocking", pod.path, f"{found}; expected maxUnavailable 1", None, (place,)
            )
    return None


def _find_hold(budget: Neighbour, replicas: int) -> tuple[Any, str] | None:
    """The field that lets no pod go, and what it says."""
    most, least = budget.get(MAX_UNAVAILABLE), budget.get(MIN_AVAILABLE)
    if most in (0, "0", "0%"):
        return MAX_UNAVAILABLE, f"maxUnavailable is {show_value(most)}"
    if least == "100%" or (isinstance(least, int) and least >= replicas):
        return MIN_AVAILABLE, f"minAvailable is {show_value(least)} of {replicas}"
    return None


RULE = Rule(
    code="SRV012",
    name="serving-disruption-budget",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        missing   info  audit  audit  all replicas may go at once when nodes are drained
        blocking  info  audit  audit  the disruption budget lets no replica go
    """),
    check=check,
    docs=__doc__ or "",
    scope="serving",
    roles=SERVING,
)
