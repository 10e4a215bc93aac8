"""A training run has no written, bounded retry budget.

## What
The number of retries must be set, and be between 0 and `max`.

## Why
A Job's default is 6: up to seven attempts, each holding the same GPUs. Kubeflow's v1 jobs have no
limit by default. A retry budget is a decision about money, so it belongs in the manifest.

## Example
```yaml
kind: Job
spec:
  template: {}      # backoffLimit is 6
```

## Use instead
```yaml
kind: Job
spec:
  backoffLimit: 3
  template: {}
```
A JobSet has two budgets: `failurePolicy.maxRestarts`, and each child's `backoffLimit`.

## Fix safety
Adding the limit is safe: it sets what the policy demands, or less if another budget multiplies it
(TRN004), and nothing if that leaves no retry. Unsafe: lowering a limit, or one that has no effect.

## References
- `pkg/apis/batch/types.go` (JobSpec.BackoffLimit), KEP-3850
- kubeflow/trainer#1589; volcano `mutate_job.go` (0 is rewritten to 3)
"""

from collections.abc import Iterator, Mapping

from rules.budgets import fit_amounts
from rules.deadlines import is_bounded
from rules.kinds.runs import Retry
from rules.model import Fix, Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.refusals import NOT_NEGATIVE, refuse
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import join_problems, tell_value, write_values
from rules.workload import TRAINING, Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    retries = workload.retries if workload.training_pods else ()
    # Pairs, and no mapping: a budget may be anything that YAML can say, which may not be hashable.
    bad = [(one, text) for one in retries if (text := _judge(workload, one, params)) is not None]
    if bad:
        problems = [Problem(one.form, one.value.path, text, degree=one.degree) for one, text in bad]
        fix = _fix(workload, [retry for retry, _ in bad], params)
        yield workload.once(reckon_stakes).add_to(join_problems(problems)._replace(fix=fix))


def _judge(workload: Workload, retry: Retry, params: Mapping[str, Any]) -> str | None:
    """What is wrong with one budget; None where nothing is."""
    budget, most = retry.value, _most(workload, retry, params)
    if budget.absent and (workload.partial or retry.unset_passes):
        return None
    found = tell_value(budget, f" ({retry.unset})")
    if budget.absent:
        return f"{found}; expected a written value{'' if most is None else f' of at most {most}'}"
    if budget.number is None:
        return None
    if budget.number < 0:
        return f"{found}; {refuse(NOT_NEGATIVE)}"
    return None if most is None or budget.number <= most else f"{found}; expected at most {most}"


def _most(workload: Workload, retry: Retry, params: Mapping[str, Any]) -> int | None:
    spot = params["max_spot"] if retry.bound == "max" and workload.interruptible else 0
    return max(int(params[retry.bound]), int(spot)) if retry.bound else None


def _fix(workload: Workload, bad: list[Retry], params: Mapping[str, Any]) -> Fix | None:
    """Write every budget: the preset where it is absent, the bound where it is above it."""
    amounts = fit_amounts(workload, bad, [_amount(workload, one, params) for one in bad])
    if amounts is None or any(retry.preset is None for retry in bad):
        return None
    changes = [(one.value, amount) for one, amount in zip(bad, amounts, strict=True)]
    texts = [
        f"{dotted(one.value.path)} to {amount}{one.explain(amount) if len(bad) > 1 else ''}"
        for one, amount in zip(bad, amounts, strict=True)
    ]
    bounded = is_bounded(workload)
    safe = all(one.value.absent and one.safe and (bounded or not one.endless) for one in bad)
    return write_values(f"set {', '.join(texts)}", changes, safe=safe)


def _amount(workload: Workload, retry: Retry, params: Mapping[str, Any]) -> int:
    preset, most = retry.preset or 0, _most(workload, retry, params)
    bound = preset if most is None else most
    within = not retry.whole and any(one.whole for one in workload.retries)
    return min(preset, bound) if retry.value.absent or within else bound


RULE = Rule(
    code="TRN002",
    name="training-retry-budget-set",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        batch     error  deny  deny  a Job or CronJob has no bounded retry budget
        operator  error  warn  deny  an operator's job has no bounded retry budget
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="training and retraining",
    reads=("retries",),
    roles=TRAINING,
    parameters=(
        Parameter("max", "most retries of a run", default=3),
        Parameter("max_jobset_restarts", "most restarts of a whole JobSet", default=10),
        Parameter("max_spot", "most retries on capacity that the cloud takes back", default=10),
    ),
)
