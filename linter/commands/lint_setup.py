"""What the arguments of ``mlgate lint`` come to, before anything is read."""

import argparse
import os

from linter.commands.lint_arguments import make_task
from linter.commands.lint_input import LintInput
from linter.commands.outputs import ReportRequest, choose_reports
from linter.input.sources import Excludes
from linter.judging.file_policies import FilePolicies
from linter.judging.selection import select_rules
from linter.judging.settings import name_policy, settle_policy
from linter.judging.task import Task
from rules.record import NamedTuple


class LintSetup(NamedTuple):
    """What is to be done with each file, the policies, what is left out, the policy in words, and
    the reports that are wanted."""

    task: Task
    policies: FilePolicies
    excludes: Excludes
    policy: str
    reports: tuple[ReportRequest, ...]

    def settle(self, given: LintInput) -> LintInput:
        """The input without what its own policies exclude; these are read. Raises UserError."""
        collection = given.collection
        sources = self.policies.keep_included(collection.sources)
        given = given._replace(collection=collection._replace(sources=sources))
        self.policies.prepare(given.list_files())
        others = self.policies.list_others()
        words = f"; beside it {', '.join(others)}" if others else ""
        return given._replace(policy=f"{self.policy}{words}", reports=self.reports)


def prepare_run(arguments: argparse.Namespace) -> LintSetup:
    """The setup of a run. Raises UserError for a wrong flag or policy."""
    reports = choose_reports(arguments.reports, os.environ)
    selection = select_rules(arguments.select, arguments.ignore)
    start = os.path.dirname(arguments.stdin_filename or "") or os.curdir
    policy, file = settle_policy(arguments.policy, start)
    policies = FilePolicies(policy, file, stated=arguments.policy is not None)
    task = make_task(arguments, policy, selection)._replace(
        namespace=arguments.namespace,
        complete=arguments.complete,
        hook=arguments.hook,
        passed=arguments.show_passed or any(one.format == "json" for one in reports),
        policies=policies,
    )
    # The policy's `exclude` is relative to the file that it stands in.
    folder = os.path.dirname(os.path.abspath(file)) if file else os.getcwd()
    excludes = Excludes(folder, policy.exclude, tuple(arguments.exclude))
    words = name_policy(policy, file, arguments.profile)
    return LintSetup(task, policies, excludes, words, tuple(reports))
