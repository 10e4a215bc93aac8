"""An annotation of mlgate's has a value that it does not know, or that is not so.

## What
`mlgate.dev/role` names no role, or `mlgate.dev/ignore` cannot be read. Or a role is said, also by
the label `app.kubernetes.io/component`, where what runs in the pod plainly shows another.

## Why
A value that is not known is passed over, so the workload is judged as if nothing had been said. A
role that is said takes a workload out of rules: whoever keeps the policy should see where it does.

## Example
```yaml
metadata:
  annotations:
    mlgate.dev/role: trainig
```

## Use instead
```yaml
metadata:
  annotations:
    mlgate.dev/role: training
```

## Fix safety
There is no fix.

## References
- the pages on roles and on suppression in this documentation
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.jobset import ANCESTOR_STEP
from rules.kinds.roles import Role
from rules.model import Confidence, Problem, Rule, form_table
from rules.paths import Path, dig, shorten
from rules.roles import OVERRIDES, read_said
from rules.wording import show_value
from rules.workload import TRAINING, Workload

_SAYS_NOTHING = frozenset({Role.OTHER, Role.UNKNOWN_ML, Role.NONE})


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    label = params["roles"]["label"]
    yield from _contradictions(workload, label)
    scopes: dict[Path, None] = dict.fromkeys(((), *(pod.path for pod in workload.pods)))
    for scope in scopes:
        for place in ("annotations", "labels"):
            path = (*scope, "metadata", place, label)
            value = dig(workload.manifest.object, path)
            if value is None or (isinstance(value, str) and value in OVERRIDES):
                continue
            found = f"'{shorten(value)}'" if isinstance(value, str) else show_value(value)
            message = f"{label} is {found}; expected one of {', '.join(sorted(OVERRIDES))}"
            yield Problem("unknown", path, message)


def _contradictions(workload: Workload, label: str) -> Iterator[Problem]:
    """Roles that are said against evidence of high confidence."""
    for pod in workload.pods:
        said = read_said(workload.manifest, pod, label)
        if said is None or said[1] == ANCESTOR_STEP or pod.role is not None:
            continue
        shown = workload.weigh_evidence(pod)
        alike = shown.role is said[0] or {shown.role, said[0]} <= TRAINING
        if not alike and shown.confidence is Confidence.HIGH and shown.role not in _SAYS_NOTHING:
            why = shown.evidence[0]
            message = f"{said[1]} says {said[0]}, and what runs is {shown.role}: {why}"
            yield Problem("contradicted", pod.path, message, role_path=pod.path)


RULE = Rule(
    code="MLG006",
    name="unknown-annotation-value",
    forms=form_table(
        """
        unknown       warning  warn   warn   an annotation's value is not known
        contradicted  info     audit  audit  what runs in the pod shows another role than is said
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="every object",
    reads=(),
)
