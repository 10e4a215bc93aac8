"""An autoscaler never scales, or removes accelerated replicas while they load.

## What
The bounds of an autoscaler must differ, and it must not remove accelerated replicas sooner than
they can load.

## Why
With equal bounds nothing ever scales. A replica that loads for minutes and is removed after seconds
occupies its accelerator and answers nobody; scaled to zero by KEDA, it may never finish loading.

## Example
```yaml
kind: ScaledObject
spec: {minReplicaCount: 0, cooldownPeriod: 30}
```

## Use instead
```yaml
kind: ScaledObject
spec: {minReplicaCount: 0, cooldownPeriod: 600, initialCooldownPeriod: 600}
```

## Fix safety
Unsafe: how long to pay for an idle replica is your decision.

## References
- kedacore/keda#5008, kedacore/http-add-on#887; kubernetes.io, HPA: Stabilization window
"""

from collections.abc import Iterator, Mapping

from rules.kinds.facts import BEHAVIOR, COOLDOWN, IDLE_REPLICAS, MAX_REPLICAS, MIN_REPLICAS
from rules.kinds.lookups import Reference
from rules.model import Harm, Parameter, Problem, Related, Rule, Value, form_table
from rules.paths import shorten
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    target = next((one.target for one in workload.autoscalers if one.target is not None), None)
    device = _find_device(workload, target) if target is not None else None
    if target is None or device is None or workload.partial:
        return
    place, name = device
    related = (Related(place, f"{target.key.kind} {shorten(target.name)} has {name}", target.key),)
    window = _judge_window(workload, params["gpu_scale_down_window"])
    for problem in (_judge_bounds(workload), _judge_cooldown(workload), window):
        if problem is not None:
            yield problem._replace(related=related)


def _find_device(workload: Workload, target: Reference) -> tuple[Any, str] | None:
    """Where a pod of what is scaled asks for an accelerator, and for which."""
    for pod in workload.neighbourhood.find_pods(target) or ():
        for container in pod.containers:
            name = next(filter(workload.accelerators.match, container.limits), None)
            if name is not None:
                return container.path, name
    return None


def _judge_bounds(workload: Workload) -> Problem | None:
    least, most = workload.at(MIN_REPLICAS), workload.at(MAX_REPLICAS)
    idle = workload.at(IDLE_REPLICAS)
    if least is None or most is None or (idle is not None and not idle.absent):
        return None
    if not most.written or not most.number or least.number != most.number:
        return None
    found = f"{tell_value(most)}, and so is the least: nothing is ever scaled"
    return Problem("pinned", most.path, f"{found}; expected more, or no autoscaler")


def _judge_cooldown(workload: Workload) -> Problem | None:
    """KEDA takes the last replica away when nothing has come for its cooldown."""
    least, cooldown = workload.at(MIN_REPLICAS), workload.at(COOLDOWN)
    if least is None or cooldown is None or least.number != 0:
        return None
    seconds = int(workload.parameters["serving"]["slow_load_seconds"]["default"])
    return _judge_seconds("cooldown", cooldown, seconds, "replicas go sooner than one loads")


def _judge_window(workload: Workload, least: int) -> Problem | None:
    behavior = workload.at(BEHAVIOR)
    if behavior is None:
        return None
    path = (*behavior.path, "scaleDown", "stabilizationWindowSeconds")
    why = "a replica that took minutes to load is removed in a lull"
    return _judge_seconds("window", workload.manifest.value(path), least, why)


def _judge_seconds(form: str, value: Value, least: int, why: str) -> Problem | None:
    if not value.written or value.number is None or value.number >= least:
        return None
    message = f"{tell_value(value)} s: {why}; expected at least {least} s"
    return Problem(form, value.path, message, write_value(value, least, safe=False))


RULE = Rule(
    code="HPA006",
    name="autoscaler-flap-or-inert",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table(
        """
        pinned    warning  warn  warn  the bounds are equal: nothing is ever scaled
        cooldown  warning  warn  warn  the last replica goes sooner than one loads
        window    warning  warn  warn  replicas go as soon as there is little to do
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="autoscalers of accelerators",
    reads=("autoscalers",),
    parameters=(
        Parameter("gpu_scale_down_window", "least seconds until replicas go", default=300),
    ),
)
