"""The arguments of ``mlgate scan``, in the groups that its help shows."""

import argparse

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
    cluster = parser.add_argument_group("the cluster")
    add = cluster.add_argument
    add(
        "--kubeconfig",
        metavar="FILE",
        help="as kubectl's: else KUBECONFIG, ~/.kube/config, the pod",
    )
    add("--context", metavar="NAME", help="the context of the kubeconfig, else its current one")
    add(
        "-n",
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="this namespace alone; again for more",
    )
    add("-l", "--selector", default="", metavar="LABELS", help="objects that this selector takes")
    add("--rate", type=_read_rate, default=10.0, help="requests a second at most (default: 10)")
    add_rule_arguments(parser.add_argument_group("what is judged, and how"))
    reports = parser.add_argument_group("reports")
    add_report_arguments(reports)
    reports.add_argument(
        "--write-reports",
        action="store_true",
        help="write a PolicyReport to the cluster for each workload with findings, and delete "
        "those that are over",
    )
    reports.add_argument(
        "--diff",
        metavar="OLD.json",
        help="report what is new since a JSON report, and count the rest",
    )
    reports.add_argument(
        "--group-by",
        type=_read_group,
        metavar="GROUP",
        help=f"count findings by {', '.join(_GROUPS)} or label:KEY at the end",
    )


def _read_rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(f"expected a number up to 1000, found {text}")
    return rate


def _read_group(text: str) -> str:
    if text in _GROUPS or text.startswith("label:"):
        return text
    raise argparse.ArgumentTypeError(f"expected {', '.join(_GROUPS)} or label:KEY, found {text}")
