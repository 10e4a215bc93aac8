"""A field is at a level where nothing reads it.

## What
A field must be at the level at which its kind defines it.

## Why
The API server drops unknown fields. `kubectl` refuses to send them by default, but Helm, Argo CD,
Flux and client libraries may not. The budget, bound or policy in the manifest then has no effect.

## Example
```yaml
kind: CronJob
spec:
  jobTemplate:
    spec:
      template:
        spec:
          concurrencyPolicy: Forbid
```

## Use instead
```yaml
kind: CronJob
spec:
  concurrencyPolicy: Forbid
  jobTemplate: {}
```

## Fix safety
Safe: the field moves to where it is read, if that place is free. Unsafe in a patch, which does not
show what is there, and for the restart policy of a Kubeflow job's pod template, which means
something else in the replica. No other rule writes to the place of a moved field.

## References
- kubeflow/trainer#2342, kubernetes-sigs/jobset#1186, astronomer/helm.astronomer.io#294
- apimachinery `pkg/runtime/serializer/json` (strict decoding), apiextensions `pruning`
- training-operator `pkg/core/pod.go` (SetRestartPolicy)
"""

from collections.abc import Iterator, Mapping

from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.strays import Stray, find_misplaced
from rules.type_names import Any
from rules.wording import move_value, tell_value
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    form = "built-in" if workload.kind.built_in else "operator"
    for stray in workload.once(find_misplaced):
        if stray.wraps or workload.manifest.dig(*(stray.home or ())) != stray.value.value:
            yield _misplaced(workload, stray, form)


def _misplaced(workload: Workload, stray: Stray, form: str) -> Problem:
    value, home = stray.value, stray.home
    found = f"{tell_value(value)}, where nothing reads it: {stray.fate}"
    if home is None:
        return Problem(form, value.path, found)
    safe = stray.safe and not workload.partial
    fix = move_value(value, home, workload.manifest.object, safe=safe)
    taken = "" if fix else ", where something else stands"
    message = f"{found}; expected it at {dotted(home)}{taken}"
    return Problem(form, value.path, message, fix)


RULE = Rule(
    code="MET001",
    name="field-at-wrong-level",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table(
        """
        built-in  error  warn  deny  a field of a built-in kind stands where nothing reads it
        operator  error  warn  warn  a field of an operator's kind stands where nothing reads it
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="every object",
    reads=(),
)
