"""A slow-loading model server has no startup probe.

## What
A model server whose load may take longer than `slow_load_seconds` needs a `startupProbe`.

## Why
A liveness probe runs from the first second unless a startup probe holds it back: it kills the
server while it loads, again and again. A long `initialDelaySeconds` avoids that by making every
start slow to be trusted and every hung start slow to be noticed.

## Example
```yaml
livenessProbe: {httpGet: {path: /health, port: 8000}, initialDelaySeconds: 60, periodSeconds: 10}
```

## Use instead
```yaml
startupProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, failureThreshold: 60}
livenessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, failureThreshold: 3}
```
How long a load may take is read from the model's size in the arguments; the annotation
`mlgate.dev/model-load-seconds: "900"` on the pod template says it outright.

## Fix safety
Safe where the container has a probe whose handler can be asked: the new probe only gives time.
Unsafe where the handler is guessed from the server's image.

## References
- https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/
- kserve/kserve#5062, kserve/kserve#5063, vllm-project/vllm#19377
- seldon-core `seldondeployment_controller.go` (injected TCP liveness: 60 s + 3 x 5 s)
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.roles import Role
from rules.model import Fix, Presence, Problem, Related, Rule, Severity, Value, form_table
from rules.paths import dotted
from rules.serving import Budget, Load, estimate_load, probe_path, read_budget
from rules.wording import write_values
from rules.workload import Workload

_SERVING = frozenset({Role.SERVING})
_HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
_INJECTED = Budget(60, 5, 3)
_KNOWN_HEALTH = (
    (("vllm", "sglang", "text-generation-inference", "llama.cpp", "llamacpp"), "/health", 8000),
    (("tritonserver",), "/v2/health/ready", 8000),
    (("mlserver", "huggingfaceserver"), "/v2/health/ready", 8080),
    (("ollama",), "/", 11434),
    (("nim/", "/nim"), "/v1/health/ready", 8000),
)


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    table = params["serving"]["slow_load_seconds"]
    for pod in workload.pods_of(_SERVING):
        if pod.probes is Probes.NONE or not pod.complete:
            continue
        for container in _servers(workload, pod):
            if container.get("startupProbe") is not None:
                continue
            load = _estimate(workload, pod, container, table)
            if load is not None:
                yield from _judge(workload, pod, container, load)


def _servers(workload: Workload, pod: Pod) -> tuple[Container, ...]:
    """The containers that load the model: those with an accelerator where there are any."""
    loading = tuple(main for main in pod.mains if _has_accelerator(workload, main))
    return loading or pod.mains


def _has_accelerator(workload: Workload, container: Container) -> bool:
    _, resources = workload.resources(container)
    limited = next(workload.accelerators.asked(resources, "limits"), None)
    return limited is not None or bool(container.get("resources", "claims"))


def _estimate(
    workload: Workload, pod: Pod, container: Container, table: Mapping[str, Any]
) -> Load | None:
    return estimate_load(pod, container, table, accelerated=_has_accelerator(workload, container))


def _judge(workload: Workload, pod: Pod, container: Container, load: Load) -> Iterator[Problem]:
    liveness = container.get("livenessProbe")
    if isinstance(liveness, Mapping):
        yield from _judge_liveness(pod, container, liveness, load)
    elif workload.partial or pod.probes is Probes.GIVEN:
        return
    elif pod.probes is Probes.INJECTED:
        yield _killed(pod, container, _INJECTED, load, "the operator's injected livenessProbe")
    else:
        yield _absent(pod, container, load)


def _judge_liveness(
    pod: Pod, container: Container, liveness: Mapping[str, Any], load: Load
) -> Iterator[Problem]:
    budget = read_budget(liveness)
    if budget is not None and budget.seconds < load.seconds:
        yield _killed(pod, container, budget, load, "livenessProbe")
    elif pod.probes is Probes.OWN:
        yield _delayed(pod, container, budget, load)


def _killed(pod: Pod, container: Container, budget: Budget, load: Load, probe: str) -> Problem:
    least = budget.seconds - budget.period
    return Problem(
        form="killed",
        path=probe_path(container, "livenessProbe"),
        message=f"{probe} kills the server {least} to {budget.seconds} s after its start, and the "
        f"model may load for {load.seconds} s ({load.reason}); expected a startupProbe",
        fix=_fix(container, load),
        related=_related(container),
        role_path=pod.path,
    )


def _delayed(pod: Pod, container: Container, budget: Budget | None, load: Load) -> Problem:
    waits = f" for {budget.seconds} s" if budget else ""
    return Problem(
        form="delayed",
        path=probe_path(container, "livenessProbe"),
        message=f"livenessProbe makes up for a missing startupProbe: a hung start goes unnoticed"
        f"{waits}; expected a startupProbe of at least {load.seconds} s ({load.reason})",
        fix=_fix(container, load),
        related=_related(container),
        role_path=pod.path,
    )


def _absent(pod: Pod, container: Container, load: Load) -> Problem:
    ready = isinstance(container.get("readinessProbe"), Mapping)
    return Problem(
        form="absent",
        path=probe_path(container, "startupProbe"),
        message="no startupProbe and no livenessProbe: a load that hangs is never restarted; "
        f"expected a startupProbe of at least {load.seconds} s ({load.reason})",
        fix=_fix(container, load),
        role_path=pod.path,
        severity=Severity.INFO if ready else None,
    )


def _related(container: Container) -> tuple[Related, ...]:
    path = probe_path(container, "startupProbe")
    return (Related(path, "startupProbe would go here"),)


def _fix(container: Container, load: Load) -> Fix | None:
    handler, timeout = _own_handler(container)
    safe = handler is not None
    if handler is None:
        handler = _known_handler(container)
    if handler is None:
        return None
    path = probe_path(container, "startupProbe")
    failures = -(-load.seconds // 10)
    probe = {
        **handler,
        "periodSeconds": 10,
        "timeoutSeconds": max(5, timeout),
        "failureThreshold": failures,
    }
    place = Value(path, presence=Presence.ABSENT)
    return write_values(f"add {dotted(path)}: up to {failures * 10} s", [(place, probe)], safe=safe)


def _own_handler(container: Container) -> tuple[dict[str, Any] | None, int]:
    """The handler of the container's own liveness or readiness probe, and its time-out."""
    for name in ("livenessProbe", "readinessProbe"):
        probe = container.get(name)
        if not isinstance(probe, Mapping):
            continue
        handler = {key: probe[key] for key in _HANDLERS if probe.get(key) is not None}
        timeout = probe.get("timeoutSeconds")
        if handler:
            return handler, timeout if isinstance(timeout, int) else 1
    return None, 1


def _known_handler(container: Container) -> dict[str, Any] | None:
    """A server's usual health endpoint, by its image, on the container's own first port."""
    image = str(container.get("image") or "").lower()
    for names, path, usual in _KNOWN_HEALTH:
        if any(name in image for name in names):
            port = container.get("ports", 0, "containerPort")
            return {"httpGet": {"path": path, "port": port if isinstance(port, int) else usual}}
    return None


RULE = Rule(
    code="SRV001",
    name="slow-model-startup-probe",
    forms=form_table("""
        killed   error    deny  deny  the liveness probe kills the server while it loads
        delayed  warning  warn  deny  a slow liveness probe stands in for a startup probe
        absent   warning  warn  warn  nothing restarts a load that hangs
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="serving",
)
