"""A workload asks for accelerators in a namespace where the organisation allows none.

## What
Accelerators may be used only in namespaces that have one of the names, or all of the labels, in the
policy.

## Why
Some namespaces have the quotas, network policies and people on call for such workloads. A GPU used
elsewhere is outside all of that.

## Example
```yaml
# policy: rules: {ORG004: {names: ["ml-*"]}}
kind: Job
metadata: {name: finetune, namespace: web}
```

## Use instead
```yaml
kind: Job
metadata: {name: finetune, namespace: ml-vision}
```
or label the Namespace, if the policy asks for labels.

## Fix safety
There is no fix: moving the workload is up to you.

## References
- deckhouse/deckhouse#22757 (`gpuResourceRestriction`: Pods alone)
"""

from collections.abc import Iterator, Mapping

from rules.globs import fits_glob
from rules.holdings import find_holders, holds_accelerators
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import shorten
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    names, labels = params["names"], params["labels"]
    kind, namespace = workload.kind, workload.namespace
    if not (names or labels) or not kind.namespaced or kind.dormant:
        return
    if _is_allowed(workload, names, labels) is not False:
        return
    named = [*names, *([f"one labelled {_tell(labels)}"] if labels else ())]
    found = f"{kind.name} asks for accelerators in namespace {shorten(namespace or 'unknown')}"
    message = f"{found}; expected {' or '.join(named)}"
    holders = workload.once(find_holders)
    pods = [pod for pod in workload.pods if holds_accelerators(workload, pod)]
    if not pods:
        return
    path = holders[0].path if holders else pods[0].spec_path
    yield Problem("outside", path, message)


def _is_allowed(
    workload: Workload, names: tuple[str, ...], labels: Mapping[str, str]
) -> bool | None:
    """Whether the workload's namespace is one of those; None where that is not known."""
    namespace, known = workload.namespace, workload.namespace_labels
    if namespace is not None and any(fits_glob(namespace, name) for name in names):
        return True
    if not labels:
        return None if namespace is None else False
    if known is None:
        return None
    return all(key in known and value in ("", known[key]) for key, value in labels.items())


def _tell(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" if value else key for key, value in labels.items())


RULE = Rule(
    code="ORG004",
    name="accelerator-namespace",
    harm=Harm.UNWANTED,
    forms=form_table(
        "outside  error  warn  deny  the namespace is none of those for accelerators",
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="pods with accelerators",
    accelerated=True,
    parameters=(
        Parameter(
            "labels",
            "labels of such a Namespace; an empty value takes any",
            default={},
            like={"gpu": "enabled"},
            free_keys=True,
        ),
        Parameter("names", "globs of such namespaces' names", default=()),
    ),
)
