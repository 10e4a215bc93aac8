"""A run never completes because a sidecar in its pod never ends.

## What
In a pod that runs to completion, every container must end or be a native sidecar.

## Why
A Job is complete when all containers of its pod have ended. If the training ends and the proxy
beside it does not, the pod keeps its GPUs for ever, or until the deadline fails a run that had
succeeded.

## Example
```yaml
kind: Job
spec:
  template:
    metadata: {annotations: {sidecar.istio.io/inject: "true"}}
```

## Use instead
```yaml
kind: Job
spec:
  template:
    metadata: {labels: {sidecar.istio.io/inject: "false"}}
```
Or a native sidecar: an init container with `restartPolicy: Always` (stable since Kubernetes 1.33),
which is stopped with the others. Istio injects its proxy as one by default since 1.27: if yours
does, set `cluster.istio_native_sidecar`. A run that ends its sidecar itself (`/quitquitquit`) is
left alone.

## Fix safety
Unsafe: without its proxy a run may not reach services that only admit the mesh, and a native
sidecar starts before the other containers.

## References
- kubernetes.io: sidecar containers (KEP-753); istio/istio#11045
- kubeflow/trainer#1637 and #1778, kubeflow/katib#1042 (jobs that stay Running)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod
from rules.kinds.roles import Role
from rules.model import Fix, Harm, Presence, Problem, Rule, Value, form_table
from rules.sidecars import find_awaited_pods, find_endless, find_injections
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import join_problems, move_values, tell_value, write_value
from rules.workload import TRAINING, Workload

_SCOPE = TRAINING | {Role.BATCH, Role.DATA}
_EFFECT = "the run never completes"
_NATIVE = "expected a native sidecar: an init container with restartPolicy Always"


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    judged = {pod.path for pod in workload.pods_of(_SCOPE)}
    for pod in find_awaited_pods(workload):
        if pod.path not in judged:
            continue
        for problem in (*_list_injected(workload, pod), *_list_endless(workload, pod)):
            yield workload.once(reckon_stakes).add_to(problem._replace(role_path=pod.path))


def _list_injected(workload: Workload, pod: Pod) -> Iterator[Problem]:
    for injection in find_injections(workload, pod):
        mesh, value = injection.mesh, injection.value
        told = tell_value(value, ", and the namespace has istio-injection: enabled")
        expected = " or ".join(filter(None, (mesh.off, mesh.otherwise)))
        message = (
            f"{told}: {mesh.name}'s sidecar never ends, so that {_EFFECT}; expected {expected}"
        )
        fix = write_value(value, mesh.off, safe=False) if mesh.off else None
        yield Problem("mesh" if injection.asked else "namespace", value.path, message, fix)


def _list_endless(workload: Workload, pod: Pod) -> Iterator[Problem]:
    endless = find_endless(workload, pod)
    problems = [
        Problem(
            "sidecar", one.path, f"container {one.name} never ends, so that {_EFFECT}; {_NATIVE}"
        )
        for one in endless
    ]
    if problems:
        fix = _make_native(pod, endless[0]) if len(endless) == 1 else None
        yield join_problems(problems)._replace(fix=fix)


def _make_native(pod: Pod, container: Container) -> Fix:
    """The fix that makes a native sidecar of a container."""
    there = pod.spec.get("initContainers")
    home = (*pod.spec_path, "initContainers", len(there) if isinstance(there, list) else 0)
    body = {**container.body, "restartPolicy": "Always"}
    moved = Value(container.path, body, Presence.WRITTEN)
    title = f"make a native sidecar of container {container.name}"
    return move_values(title, ((moved, home),), safe=False)


RULE = Rule(
    code="TRN011",
    name="sidecar-blocks-completion",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        mesh       error    warn   warn  a mesh puts a sidecar without an end into a run
        namespace  warning  audit  warn  the namespace puts a sidecar without an end into a run
        sidecar    error    warn   warn  a container goes on when the work is done
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="training, batch inference and data work that runs to completion",
    reads=("awaits_sidecars",),
    roles=_SCOPE,
)
