"""What the rules say of one object."""

from rules.dispatch import Look
from rules.model import Embedded, Finding
from rules.record import NamedTuple
from rules.workload import Workload


class Evaluation(NamedTuple):
    """What the rules say of one object and of the manifests inside it.

    ``suppressed`` are the findings that an annotation ignores. ``workloads`` are the views, each
    with the place it was embedded at. ``unfinished`` are the rules for which no time was left,
    ``crashed`` those that a bug stopped. ``looks`` are all that were to look.
    """

    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()
    workloads: tuple[tuple[Embedded | None, Workload], ...] = ()
    unfinished: tuple[str, ...] = ()
    crashed: tuple[str, ...] = ()
    looks: tuple[Look, ...] = ()

    @property
    def passed(self) -> tuple[str, ...]:
        """The rules that looked and found nothing, not even what is ignored."""
        found = {one.rule for one in (*self.findings, *self.suppressed)}.union(self.unanswered)
        codes = dict.fromkeys(rule.code for rule, *_ in self.looks)
        return tuple(code for code in codes if code not in found)

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The rules that did not finish, so that their findings are not known."""
        return (*self.unfinished, *self.crashed)


def join(evaluations: list[Evaluation]) -> Evaluation:
    """An object's own evaluation with those of the manifests inside it."""
    if len(evaluations) == 1:
        return evaluations[0]
    return Evaluation(
        tuple(finding for one in evaluations for finding in one.findings),
        tuple(finding for one in evaluations for finding in one.suppressed),
        tuple(view for one in evaluations for view in one.workloads),
        tuple(code for one in evaluations for code in one.unfinished),
        tuple(code for one in evaluations for code in one.crashed),
        tuple(look for one in evaluations for look in one.looks),
    )
