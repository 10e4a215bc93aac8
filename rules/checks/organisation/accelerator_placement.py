"""A pod with accelerators lacks the placement that the organisation requires.

## What
Every pod with an accelerator must have one of each that the policy lists, such as node labels.

## Why
Without its pool's label a GPU pod lands on other nodes; without the toleration it waits while nodes
are idle; without the priority class it preempts the wrong pods.

## Example
```yaml
# policy: rules: {ORG002: {node_labels: [pool=gpu], tolerations: [nvidia.com/gpu]}}
spec: {containers: [{resources: {limits: {nvidia.com/gpu: 1}}}]}
```

## Use instead
```yaml
spec: {nodeSelector: {pool: gpu}, tolerations: [{key: nvidia.com/gpu, operator: Exists}]}
```

## Fix safety
Safe if the field is not set and the policy names exactly one value, which the fix then sets.

## References
- open-policy-agent/gatekeeper-library#737 (K8sRequiredGpuToleration, K8sGpuNodeTargeting)
"""

from collections.abc import Iterator, Mapping

from rules.holdings import holds_accelerators
from rules.kinds import facts
from rules.kinds.pods import Pod
from rules.model import Fix, Harm, Parameter, Problem, Rule, Value, form_table
from rules.paths import dotted
from rules.placement import has_label, tolerates
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import Workload

_NAMED = (
    ("runtime_classes", facts.RUNTIME_CLASS, "runtime-class"),
    ("priority_classes", facts.PRIORITY_CLASS, "priority-class"),
    ("schedulers", facts.SCHEDULER, "scheduler"),
)


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.partial or not any(params[one.name] for one in RULE.parameters):
        return
    for pod in workload.pods:
        if pod.complete and not pod.inherits and holds_accelerators(workload, pod):
            for problem in _judge(workload, pod, params):
                yield problem._replace(role_path=pod.path)


def _judge(workload: Workload, pod: Pod, params: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _judge_tolerations(workload, pod, params["tolerations"])
    yield from _judge_labels(workload, pod, params["node_labels"])
    for parameter, fact, form in _NAMED:
        value, names = workload.at(fact, pod), params[parameter]
        if value is None or value.unknown or not names or value.value in names:
            continue
        fix = _write_only(value, names) if value.unwritten else None
        yield Problem(form, value.path, f"{tell_value(value)}; expected {' or '.join(names)}", fix)


def _write_only(value: Value, names: tuple[str, ...]) -> Fix | None:
    return write_value(value, names[0], safe=True) if len(names) == 1 else None


def _judge_tolerations(workload: Workload, pod: Pod, keys: tuple[str, ...]) -> Iterator[Problem]:
    value = workload.at(facts.TOLERATIONS, pod)
    if not keys or value is None or value.unknown or tolerates(value.value, keys):
        return
    written = [{"key": keys[0], "operator": "Exists"}]
    only = value.absent and len(keys) == 1
    fix = write_value(value, written, safe=True) if only else None
    found = tell_value(value) if value.absent else f"{dotted(value.path)} lacks one"
    expected = f"expected a toleration of {' or '.join(keys)}"
    yield Problem("toleration", value.path, f"{found}; {expected}", fix)


def _judge_labels(workload: Workload, pod: Pod, labels: tuple[str, ...]) -> Iterator[Problem]:
    selector, affinity = (workload.at(one, pod) for one in (facts.NODE_SELECTOR, facts.AFFINITY))
    if not labels or selector is None or selector.unknown:
        return
    if any(has_label(selector.value, affinity and affinity.value, label) for label in labels):
        return
    key, _, value = labels[0].partition("=")
    place = workload.manifest.value((*selector.path, key))
    fix = _write_only(place, (value,)) if value and len(labels) == 1 and place.absent else None
    text = f"{tell_value(place)}; expected the label {' or '.join(labels)}"
    yield Problem("node-label", place.path, text, fix)


RULE = Rule(
    code="ORG002",
    name="accelerator-placement",
    harm=Harm.UNWANTED,
    forms=form_table(
        """
        toleration      error  warn  deny  none of the tolerations that accelerators must have
        node-label      error  warn  deny  none of the node labels
        runtime-class   error  warn  deny  none of the runtime classes
        priority-class  error  warn  deny  none of the priority classes
        scheduler       error  warn  deny  none of the schedulers
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="pods with accelerators",
    accelerated=True,
    parameters=(
        Parameter("tolerations", "keys of taints, one of which must be tolerated", default=()),
        Parameter("node_labels", "`key` or `key=value`, one of which must be asked", default=()),
        *(Parameter(name, "names, one of which must be set", default=()) for name, *_ in _NAMED),
    ),
)
