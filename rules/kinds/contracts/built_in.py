"""What the API server asks of Jobs and autoscalers, beyond the types of their fields.

Source: kubernetes ``pkg/apis/batch/validation/validation.go`` (validateJobSpec, ValidateJob) and
``pkg/apis/autoscaling/validation/validation.go`` at 1.36. What a rule of its own says is not said
here: the restart policy, numbers below 0.
"""

from collections.abc import Iterator

from rules.kinds.contracts.clauses import Breach, Contract, Terms, read_number, tell_place
from rules.kinds.views import SpecView
from rules.manifest import is_template
from rules.paths import EACH, dotted
from rules.refusals import INDEXED_ONLY, POD_NAME_TOO_LONG
from rules.type_names import Any

_INDEXED = "Indexed"
_LONGEST_LABEL = 63
_FOR_INDEXES = ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy")


def _indexes(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    mode = job.dig("completionMode")
    if mode in (None, "NonIndexed"):
        for key in _FOR_INDEXES:
            if job.dig(key) is not None:
                path, told = tell_place(job, key)
                found = f"{told} is set, and completionMode is not {_INDEXED}"
                yield Breach(path, found, INDEXED_ONLY)
    if mode == _INDEXED and job.dig("completions") is None:
        path, told = tell_place(job, "completions")
        words = f"Required value: when completion mode is {_INDEXED}"
        yield Breach(path, f"{told} is not set", words)
    if job.dig("maxFailedIndexes") is not None and job.dig("backoffLimitPerIndex") is None:
        path, told = tell_place(job, "backoffLimitPerIndex")
        yield Breach(
            path, f"{told} is not set", "Required value: when maxFailedIndexes is specified"
        )


def _names(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    """The name of a Job's last pod, which is a label. A CronJob's are made of shorter ones."""
    name, count = job.manifest.dig("metadata", "name"), read_number(job, "completions")
    if job.path != ("spec",) or job.dig("completionMode") != _INDEXED or not count:
        return
    if isinstance(name, str) and not is_template(name):
        last = f"{name}-{count - 1}"
        if count > 0 and len(last) > _LONGEST_LABEL:
            found = f"metadata.name has {len(name)} characters, and {last} would be a pod's"
            yield Breach(("metadata", "name"), found, POD_NAME_TOO_LONG)


def _failures(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    policy = job.below("podFailurePolicy")
    if not policy.mapping():
        return
    replaced = job.dig("podReplacementPolicy")
    if replaced == "TerminatingOrFailed":
        path, told = tell_place(job, "podReplacementPolicy")
        words = "Unsupported value: supported values: Failed"
        found = f"{told} is {replaced}, beside a podFailurePolicy"
        yield Breach(path, found, words, preset="Failed", safe=True)
    for rule in policy.each("rules", EACH):
        yield from _failure_rule(job, rule)


def _failure_rule(job: SpecView, rule: SpecView) -> Iterator[Breach]:
    codes, conditions = rule.dig("onExitCodes"), rule.dig("onPodConditions")
    where = dotted(rule.path)
    if codes is not None and conditions:
        words = "specifying both OnExitCodes and OnPodConditions is not supported"
        yield Breach(rule.path, f"{where} has onExitCodes and onPodConditions", words)
    elif codes is None and not conditions:
        words = "specifying one of OnExitCodes and OnPodConditions is required"
        yield Breach(rule.path, f"{where} has neither onExitCodes nor onPodConditions", words)
    if rule.dig("action") == "FailIndex" and job.dig("backoffLimitPerIndex") is None:
        path, told = tell_place(rule, "action")
        words = "requires the backoffLimitPerIndex to be set"
        yield Breach(path, f"{told} is FailIndex, and backoffLimitPerIndex is not set", words)
    yield from _exit_codes(rule.below("onExitCodes"))


def _exit_codes(codes: SpecView) -> Iterator[Breach]:
    values = codes.dig("values")
    if not isinstance(values, list) or not all(map(_is_code, values)):
        return
    path, told = tell_place(codes, "values")
    if codes.dig("operator") == "In" and 0 in values:
        words = "must not be 0 for the In operator"
        yield Breach((*path, values.index(0)), f"{told} has 0", words)
    if values != sorted(values):
        order = sorted(values)
        yield Breach(path, f"{told} is not sorted", "must be ordered", preset=order, safe=True)


def _is_code(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _bounds(scaler: SpecView, _terms: Terms) -> Iterator[Breach]:
    least, most = read_number(scaler, "minReplicas"), read_number(scaler, "maxReplicas")
    path, told = tell_place(scaler, "maxReplicas")
    if most is not None and most < 1:
        yield Breach(path, f"{told} is {most}", "must be greater than 0")
    elif most is not None and least is not None and least > most:
        words = "must be greater than or equal to `minReplicas`"
        yield Breach(path, f"{told} is {most}, and minReplicas {least}", words)


_JOB = Contract("the API server", (_indexes, _names, _failures), built_in=True)
CONTRACTS = {
    ("batch", "Job", ""): _JOB,
    ("batch", "CronJob", ""): _JOB,
    ("autoscaling", "HorizontalPodAutoscaler", ""): Contract(
        "the API server", (_bounds,), built_in=True
    ),
}
