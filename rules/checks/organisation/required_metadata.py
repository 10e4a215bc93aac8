"""A workload lacks a label or annotation that the organisation requires.

## What
Machine-learning workloads, and all that ask for accelerators, must have the labels and annotations
in the policy, with matching values, on the object or on each of its pod templates.

## Why
Labels say who pays for a GPU and who is called at night; a workload without them belongs to nobody.

## Example
```yaml
# policy: rules: {ORG003: {labels: {team: "[a-z-]+", cost-center: ""}}}
kind: Job
metadata: {name: finetune}
```

## Use instead
```yaml
kind: Job
metadata: {name: finetune, labels: {team: vision, cost-center: "4711"}}
```
With `inherit: namespace` the Namespace's label is enough.

## Fix safety
There is no fix: only you know who owns the workload.

## References
- kyverno.io, Require Labels; gatekeeper-library, K8sRequiredLabels
- opencost.io, cost allocation by label
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from rules.manifest import is_template
from rules.ml_pods import MlPod, find_metadata, find_ml_pods, find_surest
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted, shorten
from rules.type_names import Any
from rules.workload import Workload

_LONGEST = 512
"""Characters of a value that are matched: an expression may take long over more."""
_compile = lru_cache(maxsize=256)(re.compile)


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.partial or workload.kind.dormant or not (params["labels"] or params["annotations"]):
        return
    pods = workload.once(find_ml_pods)
    for place in ("labels", "annotations") if pods else ():
        inherits = place == "labels" and params["inherit"] == "namespace"
        for key, pattern in params[place].items():
            problem = _judge(workload, pods, (place, key), pattern)
            if problem is None or (
                inherits and problem.form == "missing" and _is_inherited(workload, key, pattern)
            ):
                continue
            pod, confidence = find_surest(pods)
            yield problem._replace(confidence=confidence, role_path=pod.path)


def _is_inherited(workload: Workload, key: str, pattern: str) -> bool:
    """Whether the Namespace says it, or may: where it is not known, nothing is missing."""
    labels = workload.namespace_labels
    if labels is None:
        return workload.kind.namespaced
    return key in labels and _fits(labels[key], pattern)


def _judge(
    workload: Workload, pods: tuple[MlPod, ...], place: tuple[str, str], pattern: str
) -> Problem | None:
    """What is wrong with one label or annotation: of the object, else of its pods."""
    field, name = place[0].removesuffix("s"), shorten(place[1])
    for path, value in find_metadata(workload, pods, place):
        if value is None:
            asked = f" as {shorten(pattern)}" if pattern else ""
            text = f"neither the object nor its pods have the {field} {name}; expected it{asked}"
            return Problem("missing", ("metadata", *place), text)
        if not _fits(value, pattern):
            text = f"{dotted(path)} is {shorten(str(value))}; expected {shorten(pattern)}"
            return Problem("value", path, text)
    return None


def _fits(value: Any, pattern: str) -> bool:
    text = str(value)
    if not pattern or is_template(value):
        return True
    return len(text) <= _LONGEST and _compile(pattern).fullmatch(text) is not None


def _table(name: str, summary: str) -> Parameter:
    return Parameter(name, summary, {}, regex=True, like={"team": ""}, free_keys=True)


RULE = Rule(
    code="ORG003",
    name="required-metadata",
    harm=Harm.UNWANTED,
    forms=form_table("""
        missing  error  warn  deny  a label or annotation that must be there is not
        value    error  warn  deny  its value is not one of those that may be
    """),
    check=check,
    docs=__doc__ or "",
    scope="machine learning, and pods with accelerators",
    parameters=(
        _table("labels", "labels, each with an expression for its value; an empty one takes any"),
        _table("annotations", "the same for annotations"),
        Parameter("inherit", "whether a Namespace's labels do", "none", ("none", "namespace")),
    ),
)
