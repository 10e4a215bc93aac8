"""Training is retried without end, or retry budgets multiply.

## What
Retries must have a limit, and budgets that multiply must together stay within
`retries.max_total_attempts`.

## Why
A program that runs out of memory, or has a bug, wastes its GPUs again with each attempt. An Argo
template's `retryStrategy: {}` retries for ever. A JobSet with 4 attempts whose children have 7
comes to 28.

## Example
```yaml
kind: Workflow
spec:
  templates:
  - name: train
    retryStrategy: {}
```

## Use instead
```yaml
kind: Workflow
spec:
  templates:
  - name: train
    retryStrategy: {limit: "3"}
```

## Fix safety
Safe if a strategy has no limit: it sets what the policy demands. There is no fix for budgets that
multiply: which one to lower is your decision.

## References
- argo-workflows `examples/retry-container-to-completion.yaml`, `workflow/controller/operator.go`
- kubernetes-sigs/jobset `pkg/controllers/failure_policy.go` (...AndIgnoreMaxRestarts)
"""

from collections.abc import Iterator, Mapping

from rules.budgets import find_excess
from rules.kinds.roles import Role
from rules.kinds.runs import Retry
from rules.model import Harm, Problem, Related, Rule, form_table
from rules.paths import dotted
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import TRAINING, Workload

_UNKNOWN = frozenset({Role.UNKNOWN_ML})
_PLENTY = 1000
"""As good as no limit: attempts are minutes apart."""


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _find_unknown(workload)
    if not workload.training_pods:
        return
    endless = [_judge(retry) for retry in workload.retries if _is_endless(retry)]
    yield from map(workload.once(reckon_stakes).add_to, endless or _multiply(workload))


def _find_unknown(workload: Workload) -> Iterator[Problem]:
    """Work that nobody knows, and that holds accelerators without end."""
    unknown = {pod.path for pod in workload.pods_of(_UNKNOWN)}
    for retry in workload.kind.retries(workload.spec) if unknown else ():
        mine = retry.pod in unknown if retry.pod else not workload.training_pods
        if mine and _is_endless(retry):
            yield _judge(retry)._replace(role_path=retry.pod)


def _is_endless(retry: Retry) -> bool:
    much = retry.value.number is not None and retry.value.number >= _PLENTY
    return bool(retry.limitless) or (much and retry.counts and not retry.value.defaulted)


def _judge(retry: Retry) -> Problem:
    value = retry.value
    if not value.absent:
        why = retry.limitless or f"as good as without end; expected less than {_PLENTY}"
        return Problem("endless", value.path, f"{tell_value(value)}: {why}")
    form = "transient" if retry.transient else "endless"
    fix = None if retry.preset is None else write_value(value, str(retry.preset), safe=True)
    message = f"{tell_value(value)}: {retry.limitless}; expected a number such as {retry.preset}"
    return Problem(form, value.path, message, fix)


def _multiply(workload: Workload) -> Iterator[Problem]:
    """Budgets that are each within bounds, and together are not."""
    attempts = find_excess(workload, workload.retries)
    if attempts is None:
        return
    most = workload.parameters["retries"]["max_total_attempts"]
    several = [retry for retry in workload.retries if (retry.attempts or 1) > 1]
    first, *rest = several
    factors = " x ".join(f"{retry.attempts:.0f}" for retry in several)
    others = tuple(Related(one.value.path, "and this multiplies it") for one in rest)
    names = " and ".join(dotted(retry.value.path) for retry in several)
    message = f"{names} come to {attempts:.0f} attempts ({factors}); expected at most {most}"
    yield Problem("product", first.value.path, message, related=others)


RULE = Rule(
    code="TRN004",
    name="retry-unbounded",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        endless    error  deny   deny   training is retried without end
        transient  info   audit  audit  it is retried without end upon passing errors alone
        product    error  warn   deny   budgets multiply to more attempts than the policy allows
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="training, retraining, and accelerators that nobody knows the use of",
    reads=("retries",),
    roles=TRAINING | _UNKNOWN,
)
