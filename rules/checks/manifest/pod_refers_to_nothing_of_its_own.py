"""Part of an object refers to another part that is missing or ambiguous.

## What
What an object refers to within itself must exist exactly once: the volume of a mount, the labels of
a selector, the container of a failure policy. Volumes, variables and ports need unique names.

## Why
The API server refuses the object; inside an operator's kind it is accepted, but its pods never
come. Of two variables with the same name, the first is lost.

## Example
```yaml
containers:
- name: trainer
  volumeMounts: [{name: data, mountPath: /data}]
volumes:
- {name: dataset, persistentVolumeClaim: {claimName: dataset}}
```

## Use instead
```yaml
containers:
- name: trainer
  volumeMounts: [{name: dataset, mountPath: /data}]
volumes:
- {name: dataset, persistentVolumeClaim: {claimName: dataset}}
```

## Fix safety
Safe if two entries are identical: one of them is removed. Otherwise there is no fix.

## References
- `pkg/apis/core/validation` (volumeMounts name: Not found; Duplicate value)
- `pkg/apis/apps/validation` (selector does not match template labels)
- `pkg/apis/batch/validation` (onExitCodes.containerName)
"""

from collections.abc import Iterator, Mapping

from rules.model import Fix, Harm, Presence, Problem, Remove, Rule, form_table
from rules.paths import dotted
from rules.references import Dangling, Repetition, find_dangling, find_repeated
from rules.refusals import DUPLICATE, refuse
from rules.type_names import Any
from rules.workload import ML_ROLES, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    pods = workload.pods_of(ML_ROLES)
    if workload.partial or not pods:
        return
    form = "built-in" if workload.kind.built_in else "operator"
    for dangling in find_dangling(workload, pods):
        yield _tell_dangling(dangling, form)
    for repeated in find_repeated(workload, pods):
        yield _tell_repeated(repeated, form)


def _tell_dangling(dangling: Dangling, form: str) -> Problem:
    found = f"{dotted(dangling.path)} is {dangling.name}, and {dangling.missing}"
    message = f"{found}; {_refuse(dangling.refusal, form)}; expected {dangling.expected}"
    return Problem(form, dangling.path, message)


def _tell_repeated(repeated: Repetition, form: str) -> Problem:
    path = repeated.path
    found = f"{dotted(path)} is {repeated.name}, as an earlier one is"
    told = _refuse(DUPLICATE, form) if repeated.refused else "the earlier one is lost"
    edits, title = (Remove(path[:-1]),), f"remove {dotted(path[:-1])}"
    fix = Fix(title, edits, safe=True, presence=Presence.WRITTEN)
    message = f"{found}: {told}; expected a name of its own"
    form = form if repeated.refused else "lost"
    return Problem(form, path, message, fix if repeated.same else None)


def _refuse(words: str, form: str) -> str:
    return refuse(words) if form == "built-in" else f"the API server refuses its pods: {words}"


RULE = Rule(
    code="MET008",
    name="pod-refers-to-nothing-of-its-own",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        built-in  error    deny  deny  an object refers to a part that it has not, or has twice
        operator  error    warn  warn  an operator's object does so, and its pods are refused
        lost      warning  warn  warn  of two variables of one name the first is lost
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="machine learning, in whole objects",
    roles=ML_ROLES,
)
