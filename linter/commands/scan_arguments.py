"""The arguments of ``mlgate scan``, in the groups that its help shows."""

import argparse

from linter.commands.cluster_access import add_target_arguments
from linter.commands.lint_arguments import add_report_arguments, add_rule_arguments

SCAN_EXAMPLES = """\
examples:
  mlgate scan                                         # by the current context of kubectl
  mlgate scan -n research --format html -o report.html
  mlgate scan --format json -o today.json --diff yesterday.json --format text"""

_GROUPS = ("namespace", "rule", "kind", "role")


def add_scan_arguments(parser: argparse.ArgumentParser) -> None:
    """All of them."""
    parser.epilog = SCAN_EXAMPLES
    add_target_arguments(parser.add_argument_group("the cluster"))
    add_rule_arguments(parser.add_argument_group("rules"))
    reports = parser.add_argument_group("reports")
    add_report_arguments(reports)
    reports.add_argument(
        "--write-reports",
        action="store_true",
        help="write a PolicyReport to the cluster for each workload with findings, and delete "
        "outdated ones",
    )
    reports.add_argument(
        "--events",
        action="store_true",
        help="write an Event on each workload with a denial or warning",
    )
    reports.add_argument(
        "--metrics",
        metavar="FILE",
        help="write Prometheus metrics of the run to FILE, for node_exporter's textfile collector",
    )
    reports.add_argument(
        "--diff",
        metavar="OLD.json",
        help="report only what is new since the JSON report OLD.json, and count the rest",
    )
    reports.add_argument(
        "--group-by",
        type=_read_group,
        metavar="GROUP",
        help=f"end with counts of findings by {', '.join(_GROUPS)} or label:KEY",
    )


def _read_group(text: str) -> str:
    if text in _GROUPS or text.startswith("label:"):
        return text
    raise argparse.ArgumentTypeError(f"expected {', '.join(_GROUPS)} or label:KEY, found {text}")
