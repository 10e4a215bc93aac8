"""``mlgate scan``: judge what a cluster holds, with the rules, policy and reports of lint."""

import argparse
import os
import time
from types import SimpleNamespace

from linter.commands.closing import finish_run
from linter.commands.cluster_access import connect_cluster
from linter.commands.lint_arguments import make_task
from linter.commands.outputs import ReportRequest, check_folder, choose_reports
from linter.commands.scan_arguments import add_scan_arguments
from linter.errors import UserError
from linter.judging.run import exit_code
from linter.judging.selection import select_rules
from linter.judging.settings import name_policy, settle_policy
from linter.scanning.comparison import keep_new, read_fingerprints
from rules.model import Action
from rules.policy.decisions import weigh
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster.client import Client
    from cluster.discovery import KindName, Resource
    from linter.judging.task import Task
    from linter.row_types import ClusterRow, RunResult
    from linter.scanning.breakable_writes import WriteTally
    from linter.scanning.report_writer import ReportWriter
    from linter.scanning.scan import Scan
    from rules.policy import Policy

_REGISTRATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/mlgate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate scan``."""
    add_scan_arguments(parser)


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Scan. Raises UserError for a wrong flag or policy, and where there is no cluster."""
    reports = choose_reports(arguments.reports, os.environ)
    if arguments.metrics:
        check_folder(arguments.metrics)
    _refuse_narrowed(arguments)
    old = read_fingerprints(arguments.diff)
    policy, file = settle_policy(arguments.policy, os.curdir)
    selection = select_rules(arguments.select, arguments.ignore)
    client = connect_cluster(arguments, "scan")
    # What needs the extra, which `connect_cluster` tells of if it is missing.
    from linter.scanning.survey import find_served

    served = find_served(client, "mlgate scan: ")
    writer = _make_writer(arguments, client, served) if arguments.write_reports else None
    scan = _make_scan(arguments, make_task(arguments, policy, selection), client, served)
    began = time.monotonic()
    result = scan.run()
    _tell_circumstances(result["cluster"], arguments, client, policy)
    tally = _write_policy_reports(writer, scan, result, err) if writer is not None else None
    if arguments.events:
        _write_events(client, scan, result, arguments.rate, err)
    seconds, whole = time.monotonic() - began, result
    if old is not None:
        result = keep_new(result, old, err)
    judged = ScannedCluster(name_policy(policy, file, arguments.profile), tuple(reports), scan)
    finish_run(result, arguments, judged, out, err)
    if arguments.group_by:
        from linter.scanning.grouping import key_of_group, render_groups

        key_of = key_of_group(arguments.group_by, scan.objects)
        err.write(render_groups(result, key_of))
    if arguments.metrics:
        from linter.scanning.scan_metrics import write_scan_metrics

        write_scan_metrics(arguments.metrics, whole, seconds, tally)
    return exit_code(result, arguments.fail_on)


class ScannedCluster(NamedTuple):
    """What a report needs to know of a scan's input."""

    policy: str
    reports: tuple[ReportRequest, ...]
    scan: "Scan"

    def read_text(self, path: str) -> str:
        """An object's text by the name that findings give it. Raises OSError."""
        return self.scan.read_source(path)


def _refuse_narrowed(arguments: SimpleNamespace) -> None:
    """Reports of a part of the rules or objects would take the rest away."""
    if not arguments.write_reports:
        return
    given = [flag for flag, value in _list_narrowing(arguments).items() if value]
    if given:
        raise UserError(
            f"mlgate scan: --write-reports with {given[0]} would delete what reports say of the "
            "rest: leave one of the two out"
        )


def _list_narrowing(arguments: SimpleNamespace) -> dict[str, object]:
    """The flags that leave out rules or objects, with their values."""
    return {
        "--selector": arguments.selector,
        "--select": arguments.select,
        "--ignore": arguments.ignore,
        "--min-confidence": arguments.min_confidence != "low",
    }


def _make_scan(
    arguments: SimpleNamespace,
    task: "Task",
    client: "Client",
    served: "Mapping[KindName, Resource]",
) -> "Scan":
    from cluster.listing import Lister, ListTiming
    from linter.scanning.scan import Scan
    from linter.scanning.survey import Survey, Wanted

    wanted = Wanted(tuple(arguments.namespace), arguments.selector)
    lister = Lister(client.read, ListTiming(rate=arguments.rate))
    return Scan(task, Survey(lister, served, wanted.namespaces), wanted)


def _tell_circumstances(
    cluster: "ClusterRow", arguments: SimpleNamespace, client: "Client", policy: "Policy"
) -> None:
    """Tell what was not looked for, which is not what was not found."""
    from rules.checks import ALL

    registered = _find_registration(client)
    if registered:
        cluster["registered"] = registered
    flags = {
        **_list_narrowing(arguments),
        "--namespace": arguments.namespace,
        "--diff": arguments.diff,
    }
    cluster["narrowed_by"] = [flag for flag, value in flags.items() if value]
    cluster["off"] = [
        f"{rule.code}/{form.name}"
        for rule in ALL
        for form in rule.forms
        if weigh(policy, rule, form, flag_profile=arguments.profile).action is Action.OFF
    ]


def _find_registration(client: "Client") -> str | None:
    """Since when the webhook is registered; None where it is not, is switched off, or may not be
    looked at."""
    from cluster.client import ApiError

    try:
        found = client.get(_REGISTRATION)
    except ApiError:
        return None
    if not (found and found.get("webhooks")):
        return None
    created: str | None = found["metadata"].get("creationTimestamp")
    return created


def _make_writer(
    arguments: SimpleNamespace, client: "Client", served: "Mapping[KindName, Resource]"
) -> "ReportWriter":
    from linter.scanning.policy_reports import find_report_apis
    from linter.scanning.report_writer import ReportWriter

    apis = find_report_apis(served)
    if not apis:
        raise UserError(
            "mlgate scan: --write-reports: the cluster serves neither openreports.io (Report) nor "
            "wgpolicyk8s.io from v1alpha2 on (PolicyReport): install the definitions of one first"
        )
    return ReportWriter(client, apis, arguments.namespace, arguments.rate)


def _write_events(
    client: "Client", scan: "Scan", result: "RunResult", rate: float, err: TextIO
) -> None:
    """Tell of the result on its workloads; what fails is an error of the result."""
    from linter.input.sources import make_error
    from linter.scanning.workload_events import make_events, write_events

    events = make_events(result["findings"], scan.objects, result["cluster"]["at"])
    tally = write_events(client, events, rate)
    err.write(f"events: {tally.written} written\n")
    if tally.complaint:
        result["errors"].append(make_error("events", tally.complaint))


def _write_policy_reports(
    writer: "ReportWriter", scan: "Scan", result: "RunResult", err: TextIO
) -> "WriteTally | None":
    """Bring the cluster's reports to the result; what fails is an error of the result. None where
    nothing could be tried."""
    from cluster.client import ApiError
    from linter.input.sources import make_error
    from linter.scanning.policy_reports import make_policy_reports

    reports = make_policy_reports(result["findings"], scan.objects, writer.api)
    tally = None
    try:
        tally = writer.write(reports, scan.has_seen)
    except ApiError as error:
        complaint: str | None = f"cannot be listed, so that none was written: {error}"
    else:
        err.write(f"{tally}\n")
        complaint = tally.complaint
    if complaint:
        result["errors"].append(make_error(f"reports of {writer.api.api_version}", complaint))
    return tally
