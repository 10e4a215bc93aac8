"""An instruction to mlgate is invalid, is not read, or is contradicted by the workload.

## What
`mlgate.dev/role` does not name a role, `mlgate.dev/ignore` cannot be parsed, a `mlgate.dev/...` key
is unknown, or an annotation is written as a label or in `metadata.annotation`. Or a role is stated,
also by the label `app.kubernetes.io/component`, while the pod plainly does something else.

## Why
An instruction that mlgate does not understand has no effect, although its author believes it does.
A stated role exempts a workload from rules: those who maintain the policy should see where.

## Example
```yaml
metadata:
  annotations:
    mlgate.dev/role: trainig
    mlgate.dev/ignores: TRN003=bounded by the scheduler
```

## Use instead
```yaml
metadata:
  annotations:
    mlgate.dev/role: training
    mlgate.dev/ignore: TRN003=bounded by the scheduler
```

## Fix safety
There is no fix.

## References
- the pages on roles and on suppression in this documentation
"""

from collections.abc import Iterator, Mapping

from rules.annotations import CULLING_ANNOTATION, LOAD_ANNOTATION, find_unread, has_own_key
from rules.kinds.roles import ANCESTOR_STEP, Role
from rules.model import Confidence, Harm, Problem, Rule, form_table
from rules.paths import Path, dig, shorten
from rules.roles import OVERRIDES, read_said
from rules.type_names import Any
from rules.wording import show_value
from rules.workload import TRAINING, Workload

_SAYS_NOTHING = frozenset({Role.OTHER, Role.UNKNOWN_ML, Role.NONE})


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    label = params["roles"]["label"]
    body = workload.manifest.object
    yield from _contradictions(workload, label)
    for scope in dict.fromkeys(((), *(pod.path for pod in workload.pods))):
        if not has_own_key(dig(body, scope), label):
            continue
        for place in ("annotations", "labels"):
            path = (*scope, "metadata", place, label)
            yield from _judge_role(path, dig(body, path), label)
        notes = (*scope, "metadata", "annotations")
        yield from _judge_load((*notes, LOAD_ANNOTATION), dig(body, (*notes, LOAD_ANNOTATION)))
        yield from _judge_culling((*notes, CULLING_ANNOTATION), body)
        yield from (Problem("unread", *found) for found in find_unread(body, scope, label))


def _judge_role(path: Path, value: Any, label: str) -> Iterator[Problem]:
    if value is None or (isinstance(value, str) and value in OVERRIDES):
        return
    found = f"'{shorten(value)}'" if isinstance(value, str) else show_value(value)
    message = f"{label} is {found}; expected one of {', '.join(sorted(OVERRIDES))}"
    yield Problem("unknown", path, message)


def _judge_load(path: Path, value: Any) -> Iterator[Problem]:
    if isinstance(value, str) and not value.isdecimal():
        found = f"{LOAD_ANNOTATION} is '{shorten(value)}'"
        yield Problem("unknown", path, f"{found}; expected a number of seconds")


def _judge_culling(path: Path, body: Any) -> Iterator[Problem]:
    value = dig(body, path)
    if value not in (None, "external"):
        message = f"{CULLING_ANNOTATION} is {show_value(value)}; expected external"
        yield Problem("unknown", path, message)


def _contradictions(workload: Workload, label: str) -> Iterator[Problem]:
    """Roles that are said against evidence of high confidence."""
    for pod in workload.pods:
        said = read_said(workload.manifest, pod, label) if pod.role is None else None
        if said is None or said[1] == ANCESTOR_STEP:
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
    harm=Harm.UNJUDGED,
    forms=form_table(
        """
        unknown       warning  warn   warn   an annotation's value is not known
        unread        warning  warn   warn   an annotation or label of mlgate's is not read
        contradicted  info     audit  audit  what runs in the pod shows another role than is said
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="every object",
    reads=(),
)
