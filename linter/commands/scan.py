"""``mlgate scan``: judge what a cluster holds, with the rules, policy and reports of lint."""

import argparse
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TextIO

from linter.commands.closing import finish_run
from linter.commands.lint_arguments import add_report_arguments, add_rule_arguments, make_task
from linter.commands.outputs import ReportRequest, choose_reports
from linter.errors import UserError
from linter.judging.judge import Task
from linter.judging.run import exit_code
from linter.judging.selection import select_rules
from linter.judging.settings import name_policy, settle_policy
from linter.reports.terminal import escape
from rules.record import NamedTuple

if TYPE_CHECKING:
    from cluster.client import Client
    from linter.row_types import FindingRow, RunResult
    from linter.scanning.scan import Scan

SCAN_EXAMPLES = """\
examples:
  mlgate scan                                         # by the current context of kubectl
  mlgate scan -n research --format html -o report.html
  mlgate scan --format json -o today.json --diff yesterday.json --format text"""

_GROUPS = ("namespace", "rule", "kind", "role")
_MOST_MENDED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate scan``."""
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


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Scan. Raises UserError for a wrong flag or policy, and where there is no cluster."""
    reports = choose_reports(arguments.reports, os.environ)
    old = _read_old(arguments.diff)
    policy, file = settle_policy(arguments.policy, os.curdir)
    selection = select_rules(arguments.select, arguments.ignore)
    scan = _make_scan(arguments, make_task(arguments, policy, selection))
    result = scan.run()
    if old is not None:
        result = _compare(result, old, err)
    judged = ScannedCluster(name_policy(policy, file, arguments.profile), tuple(reports), scan)
    finish_run(result, arguments, judged, out, err)
    if arguments.group_by:
        err.write(_render_groups(result["findings"], _key_of(arguments.group_by, scan)))
    return exit_code(result, arguments.fail_on)


class ScannedCluster(NamedTuple):
    """What a report says of a scan's input."""

    policy: str
    reports: tuple[ReportRequest, ...]
    scan: "Scan"

    def read_text(self, path: str) -> str:
        """An object's text by the name that findings give it. Raises OSError."""
        return self.scan.read_source(path)


def _make_scan(arguments: argparse.Namespace, task: Task) -> "Scan":
    client = _connect(arguments)
    from urllib3.exceptions import HTTPError

    from cluster.client import ApiError
    from cluster.discovery import Discovery
    from cluster.listing import Lister, ListTiming
    from linter.scanning.scan import Scan
    from linter.scanning.survey import Survey, Wanted

    wanted = Wanted(tuple(arguments.namespace), arguments.selector)
    try:
        served = Discovery(client.read).refresh()
    except (ApiError, HTTPError, OSError) as error:
        raise UserError(f"mlgate scan: the API server cannot be asked: {error}") from None
    lister = Lister(client.read, ListTiming(rate=arguments.rate))
    return Scan(task, Survey(lister, served, wanted.namespaces), wanted)


def _connect(arguments: argparse.Namespace) -> "Client":
    try:
        from cluster.client import ApiError, connect
    except ImportError as error:
        raise _tell_extra(error) from None
    file = arguments.kubeconfig or _find_kubeconfig()
    if file is None and arguments.context:
        raise UserError("mlgate scan: --context needs a kubeconfig, and there is none")
    try:
        return connect(file, arguments.context)
    except ImportError as error:
        raise _tell_extra(error) from None
    except ApiError as error:
        raise UserError(f"mlgate scan: {error}") from None


def _tell_extra(error: ImportError) -> UserError:
    return UserError(
        f"mlgate scan: the package {error.name} is missing: pip install 'mlgate[cluster]'"
    )


def _find_kubeconfig() -> str | None:
    """Where kubectl looks; None in a pod, which has an account of its own."""
    stated = os.environ.get("KUBECONFIG")
    if stated:
        return stated
    usual = os.path.expanduser("~/.kube/config")
    return usual if os.path.exists(usual) else None


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


def _key_of(group: str, scan: "Scan") -> "Callable[[FindingRow], str]":
    kind, _, label = group.partition(":")
    if kind == "label":
        return lambda row: scan.labels.get(row["file"], {}).get(label, "")
    if kind == "rule":
        return lambda row: row["rule"]
    if kind == "role":
        return lambda row: row["role"] or ""
    return lambda row: str(row["object"]["kind" if kind == "kind" else "namespace"] or "")


def _render_groups(rows: "Iterable[FindingRow]", key_of: "Callable[[FindingRow], str]") -> str:
    """A line for each group: denials and warnings, the most first."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(key_of(row), Counter())[row["action"]] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1]["deny"], -item[1]["warn"], item[0]))
    width = max((len(escape(name or "(none)")) for name, _ in ranked), default=0)
    return "".join(
        f"{escape(name or '(none)'):<{width}}  {count['deny']:>5} deny  {count['warn']:>5} warn\n"
        for name, count in ranked
    )


def _read_old(file: str | None) -> set[str] | None:
    """The fingerprints in a JSON report of an earlier scan."""
    if file is None:
        return None
    try:
        with open(file, encoding="utf-8") as text:
            report = json.load(text)
        return {row["fingerprint"] for row in report["findings"]}
    except OSError as error:
        raise UserError(f"mlgate scan: cannot read {file}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise UserError(f"mlgate scan: {file} is no JSON report of mlgate's") from None


def _compare(result: "RunResult", old: set[str], err: TextIO) -> "RunResult":
    """The result with its new findings alone; the others are counted, and what is gone is named."""
    fresh = [row for row in result["findings"] if row["fingerprint"] not in old]
    now = {row["fingerprint"] for row in result["findings"]}
    mended = sorted(old - now)
    err.write(f"{len(fresh)} new, {len(now & old)} as before, {len(mended)} gone\n")
    err.write("".join(f"gone: {escape(mark)}\n" for mark in mended[:_MOST_MENDED]))
    if len(mended) > _MOST_MENDED:
        err.write(f"gone: {len(mended) - _MOST_MENDED} more\n")
    return {**result, "findings": fresh}
