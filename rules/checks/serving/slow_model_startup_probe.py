"""A slow-loading model server has no startup probe.

## What
A model server that may load for longer than `slow_load_seconds` needs a `startupProbe`.

## Why
A liveness probe runs from the first second unless a startup probe holds it back: it kills the
server while it loads, again and again. A long `initialDelaySeconds` lets hung starts go unnoticed.

## Example
```yaml
livenessProbe: {httpGet: {path: /health, port: 8000}, initialDelaySeconds: 60, periodSeconds: 10}
```

## Use instead
```yaml
startupProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, failureThreshold: 60}
livenessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, failureThreshold: 3}
```
The time to load is estimated from the model's size and bits (`70B-AWQ`) in the arguments, or stated
by the annotation `mlgate.dev/model-load-seconds: "900"`. A guess without them denies nothing where
the memory limit is below 4Gi. Servers that answer before they load are left alone.

## Fix safety
Safe if it reuses the handler of the liveness probe and waits at least as long, for it only adds
time; or that of the readiness probe, if the model's size or the annotation tells how long it loads.
Unsafe where that is a guess, and in a patch, which may not show everything.

## References
- https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/
- kserve/kserve#5062, kserve/kserve#5063, vllm-project/vllm#19377
- seldon-core `seldondeployment_controller.go` (injected TCP liveness: 60 s + 3 x 5 s)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod, Probes
from rules.model import Fix, Harm, Problem, Related, Rule, Severity, form_table
from rules.paths import dotted
from rules.probes import Budget, can_fail, make_startup_probe, read_budget
from rules.serving import Load, find_slow_servers, lower_confidence
from rules.type_names import Any
from rules.wording import write_values
from rules.workload import SERVING, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod, container, load in workload.once(find_slow_servers):
        started = container.get("startupProbe") is not None
        problem = None if started else _judge(workload, pod, container, load)
        if problem is not None:
            doubt = None if load.sure else lower_confidence(workload, pod)
            fix = _fix(workload, container, load)
            yield problem._replace(fix=fix, role_path=pod.path, confidence=doubt)


def _judge(workload: Workload, pod: Pod, container: Container, load: Load) -> Problem | None:
    liveness = container.get("livenessProbe")
    if isinstance(liveness, dict):
        budget = read_budget(liveness)
        return _judge_own(pod, container, budget, load) if can_fail(liveness) else None
    # Probes restart nothing where the pod is not to be restarted.
    if workload.partial or pod.probes is Probes.GIVEN or pod.spec.get("restartPolicy") == "Never":
        return None
    if pod.injected and (injected := read_budget(pod.injected)):
        return _killed(container, injected, load, "the operator's injected livenessProbe")
    found = "no startupProbe and no livenessProbe: a load that hangs is never restarted"
    severity = Severity.INFO if isinstance(container.get("readinessProbe"), Mapping) else None
    path, message = container.place("startupProbe"), f"{found}; {load.advice}"
    return Problem("absent", path, message, severity=severity)


def _judge_own(pod: Pod, container: Container, budget: Budget | None, load: Load) -> Problem | None:
    if budget is not None and budget.seconds < load.seconds:
        return _killed(container, budget, load, "livenessProbe")
    if pod.probes is not Probes.OWN:
        return None
    waits = f" for {budget.seconds} s" if budget else ""
    found = f"livenessProbe makes up for a missing startupProbe: a hung start goes unnoticed{waits}"
    return _on_liveness("delayed", container, f"{found}; {load.advice}")


def _killed(container: Container, budget: Budget, load: Load, probe: str) -> Problem:
    message = (
        f"{probe} kills the server {budget.least} to {budget.seconds} s after its start, but the "
        f"model may load for {load.seconds} s ({load.reason}); expected a startupProbe"
    )
    return _on_liveness("killed", container, message)


def _on_liveness(form: str, container: Container, message: str) -> Problem:
    related = Related(container.place("startupProbe"), "startupProbe would go here")
    return Problem(form, container.place("livenessProbe"), message, related=(related,))


def _fix(workload: Workload, container: Container, load: Load) -> Fix | None:
    made = make_startup_probe(workload.command(container), load.seconds, measured=load.measured)
    if made is None:
        return None
    probe, sure = made
    place = workload.manifest.value(container.place("startupProbe"))
    title = f"add {dotted(place.path)}: up to {probe['failureThreshold'] * 10} s"
    return write_values(title, [(place, probe)], safe=sure and not workload.partial)


RULE = Rule(
    code="SRV001",
    name="slow-model-startup-probe",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        killed   error    deny  deny  the liveness probe kills the server while it loads
        delayed  warning  warn  deny  a slow liveness probe stands in for a startup probe
        absent   warning  warn  warn  nothing restarts a load that hangs
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="serving",
    roles=SERVING,
)
