"""PolicyReports: written once, kept as they are while nothing changes, taken away in the end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.discovery import Resource
from linter.commands import scan
from linter.scanning import breakable_writes, policy_reports
from linter.scanning.policy_reports import find_report_apis, summarize_content
from tests.cluster.fake_api import Kind, running
from tests.cluster.fake_store import Failure, Request
from tests.linter.scanning.test_scan import Server, text
from tests.linter.test_cli import BAD, FIXABLE, Answer

Tree = dict[str, Any]
GROUP = "wgpolicyk8s.io"


class Reporting(Server):
    """A server that serves reports too."""

    def serve_reports(self, group: str = GROUP, version: str = "v1alpha2") -> Kind:
        prefix = "Policy" if group == GROUP else ""
        for kind in (f"Cluster{prefix}Report", f"{prefix}Report"):
            self.kinds[group, kind] = self.api.serve(group, version, kind, f"{kind.lower()}s")
        return self.kinds[group, f"{prefix}Report"]

    def uid_of(self, group: str, kind: str, name: str) -> str:
        held = self.kinds[group, kind].objects["research", name]
        return str(held["metadata"]["uid"])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Reporting]:
    monkeypatch.chdir(tmp_path)
    with running() as api:
        monkeypatch.setattr(scan, "connect_cluster", lambda *_: api.client())
        yield Reporting(api)


def write(*words: str) -> Answer:
    from tests.linter.test_cli import call

    return call("scan", "--rate", "1000", "--write-reports", "--exit-zero", *words)


def names(kind: Kind) -> list[str]:
    return sorted(name for _, name in kind.objects)


def test_a_report_for_each_workload_with_its_owner(server: Reporting) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    answer = write()
    uid = server.uid_of("batch", "CronJob", "nightly-retrain")
    assert answer.code == 0
    assert answer.err.startswith("reports: 1 written, 0 as they were, 0 deleted\n")
    (report,) = reports.objects.values()
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": "nightly-retrain",
        "uid": uid,
    }
    assert report["metadata"]["name"] == f"mlgate-{uid}"
    assert report["metadata"]["namespace"] == "research"
    assert report["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "mlgate"}
    assert report["metadata"]["ownerReferences"] == [owner]
    assert report["scope"] == {**owner, "namespace": "research"}
    denied = [one for one in report["results"] if one["result"] == "fail"]
    assert ("CRN001", "overlap") in [(one["policy"], one["rule"]) for one in denied]
    assert report["summary"]["fail"] == len(denied)
    assert sum(report["summary"].values()) == len(report["results"])
    first = denied[0]
    assert first["properties"]["path"].startswith("/spec/")
    assert first["properties"]["action"] == "deny"
    assert (first["source"], first["severity"], first["scored"]) == ("mlgate", "high", True)


def test_g70_what_an_exception_lets_pass_is_a_row(server: Reporting) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    excepted = "rules: [CRN001], match: {namespace: research}, expires: 2999-01-01"
    Path("mlgate.yaml").write_text(
        "apiVersion: mlgate.dev/v1\nkind: Policy\n"
        f"exceptions: [{{{excepted}, owner: ml-infra, reason: known}}]\n"
    )
    write("--policy", "mlgate.yaml")
    (report,) = reports.objects.values()
    (row,) = (one for one in report["results"] if one["policy"] == "CRN001")
    assert (row["rule"], row["result"], report["summary"]["skip"]) == ("overlap", "skip", 1)


def test_a_second_run_writes_nothing(server: Reporting) -> None:
    server.serve_reports()
    server.put(FIXABLE)
    server.put(BAD)
    assert "reports: 2 written" in write("--metrics", "scan.prom").err
    assert 'mlgate_scan_reports{result="written"} 2.0\n' in Path("scan.prom").read_text()
    before = len(server.api.writes)
    assert write().err.startswith("reports: 0 written, 2 as they were, 0 deleted\n")
    assert len(server.api.writes) == before


def test_what_changed_is_written_and_what_was_mended_is_deleted(server: Reporting) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    server.put(BAD)
    write()
    server.put(FIXABLE.replace("schedule:", "concurrencyPolicy: Forbid\n  schedule:"))
    server.api.delete(server.kinds["autoscaling", "HorizontalPodAutoscaler"], "web", "research")
    answer = write()
    assert answer.err.startswith("reports: 1 written, 0 as they were, 1 deleted\n")
    assert names(reports) == [f"mlgate-{server.uid_of('batch', 'CronJob', 'nightly-retrain')}"]
    (report,) = reports.objects.values()
    assert "CRN001" not in {one["policy"] for one in report["results"]}


def test_what_somebody_changed_is_put_back(server: Reporting) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    write()
    (key,) = reports.objects
    reports.objects[key]["results"] = []
    assert "reports: 1 written" in write().err
    assert reports.objects[key]["results"]


def test_reports_of_others_stay(server: Reporting) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    server.api.put(reports, "theirs", "research", metadata={"labels": {"a": "b"}})
    write()
    assert "theirs" in names(reports)


def test_other_namespaces_keep_their_reports(server: Reporting) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    server.put(FIXABLE, "other")
    write()
    assert len(reports.objects) == 2
    server.put(FIXABLE, "third")
    assert write("-n", "third").err.startswith("reports: 1 written, 0 as they were, 0 deleted")
    assert len(reports.objects) == 3


def test_what_could_not_be_listed_keeps_its_reports(server: Reporting) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    server.put(BAD)
    write()
    server.kinds["batch", "CronJob"].list_status = 403
    server.api.delete(server.kinds["autoscaling", "HorizontalPodAutoscaler"], "web", "research")
    answer = write()
    assert answer.code == 4
    assert answer.err.startswith("reports: 0 written, 0 as they were, 1 deleted\n")
    assert len(reports.objects) == 1


def test_the_newer_group_is_written_and_the_older_emptied(server: Reporting) -> None:
    old = server.serve_reports()
    server.put(FIXABLE)
    write()
    new = server.serve_reports("openreports.io", "v1alpha1")
    assert "reports: 1 written, 0 as they were, 1 deleted" in write().err
    assert old.objects == {}
    (report,) = new.objects.values()
    assert report["source"] == "mlgate"


def test_a_cluster_without_reports_says_what_to_install(server: Reporting) -> None:
    answer = write()
    assert answer.code == 2
    assert "serves neither openreports.io (Report) nor wgpolicyk8s.io" in answer.err
    server.serve_reports(version="v1alpha1")
    assert write().code == 2


@pytest.mark.parametrize(
    "words", [("-l", "a=b"), ("--select", "TRN"), ("--ignore", "TRN"), ("--min-confidence", "high")]
)
def test_a_part_is_not_written(server: Reporting, words: tuple[str, str]) -> None:
    server.serve_reports()
    answer = write(*words)
    assert answer.code == 2
    assert "would delete what reports say of the rest" in answer.err


def test_new_findings_alone_are_reported_and_all_are_written(
    server: Reporting, tmp_path: Path
) -> None:
    reports = server.serve_reports()
    server.put(FIXABLE)
    assert text("--format", "json", "-o", str(tmp_path / "old.json"), "-q").code == 1
    write("--diff", str(tmp_path / "old.json"))
    assert len(reports.objects) == 1


def test_it_stops_after_failures_in_a_row(
    server: Reporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = server.serve_reports()
    tried = []

    def refuse(request: Request) -> bool:
        if request.verb == "PATCH":
            tried.append(request.path)
            raise Failure(403, "policyreports is forbidden")
        return False

    for number in range(8):
        server.put(FIXABLE.replace("nightly-retrain", f"retrain-{number}"))
    server.api.fault = refuse
    answer = write("--format", "json")
    (error,) = json.loads(answer.out)["errors"]
    assert answer.code == 4
    assert len(tried) == breakable_writes.MOST_FAILURES == 5
    assert error["file"] == "reports of wgpolicyk8s.io/v1alpha2"
    assert "stopped after 5 failures in a row; 3 more not tried" in error["reason"]
    assert "policyreports is forbidden" in error["reason"]
    assert reports.objects == {}


def test_a_namespace_that_ends_is_no_failure(server: Reporting) -> None:
    server.serve_reports()
    for number in range(8):
        server.put(FIXABLE.replace("nightly-retrain", f"retrain-{number}"))

    def refuse(request: Request) -> bool:
        if request.verb == "PATCH":
            raise Failure(403, "unable to create: namespace research is being terminated")
        return False

    server.api.fault = refuse
    answer = write()
    assert answer.code == 0
    assert answer.err.startswith("reports: 0 written, 0 as they were, 0 deleted\n")


def test_reports_that_may_not_be_listed_are_an_error(server: Reporting) -> None:
    server.serve_reports().list_status = 403
    server.put(FIXABLE)
    answer = write()
    assert answer.code == 4
    assert "reports of wgpolicyk8s.io/v1alpha2: cannot be listed" in answer.out
    assert server.api.writes == []


@pytest.mark.parametrize("cap", [("MAX_RESULTS", 1), ("MAX_BYTES", 10)])
def test_many_results_make_several_reports(
    server: Reporting, monkeypatch: pytest.MonkeyPatch, cap: tuple[str, int]
) -> None:
    monkeypatch.setattr(policy_reports, *cap)
    reports = server.serve_reports()
    server.put(FIXABLE)
    write()
    uid = server.uid_of("batch", "CronJob", "nightly-retrain")
    count = len(reports.objects)
    assert count > 1
    wanted = [f"mlgate-{uid}", *(f"mlgate-{uid}-{number}" for number in range(2, count + 1))]
    assert names(reports) == sorted(wanted)
    assert {len(one["results"]) for one in reports.objects.values()} == {1}
    monkeypatch.undo()


def test_texts_have_a_length() -> None:
    assert policy_reports._shorten("a" * 30, 10) == "a" * 7 + "..."
    assert policy_reports._shorten("a" * 10, 10) == "a" * 10


def test_groups_are_found_by_what_is_served() -> None:
    served = {
        (GROUP, "PolicyReport"): Resource(f"/apis/{GROUP}/v1beta1/policyreports", namespaced=True)
    }
    (api,) = find_report_apis(served)
    assert (api.api_version, list(api.resources)) == (f"{GROUP}/v1beta1", ["PolicyReport"])
    assert find_report_apis({}) == []


def test_what_others_added_is_not_ours() -> None:
    label = {"app.kubernetes.io/managed-by": "mlgate"}
    ours = {"metadata": {"labels": label}, "results": [1]}
    theirs = {"metadata": {"labels": {**label, "a": "b"}}, "results": [1]}
    assert summarize_content(ours) == summarize_content(theirs)
    assert summarize_content(ours) != summarize_content({**ours, "results": [2]})


def test_an_event_tells_of_all_findings_on_a_workload(server: Reporting) -> None:
    events = server.api.serve("", "v1", "Event", "events")
    server.put(FIXABLE)
    answer = events_of(server)
    assert answer.err.startswith("events: 1 written\n")
    uid = server.uid_of("batch", "CronJob", "nightly-retrain")
    (event,) = events.objects.values()
    assert event["metadata"]["name"] == f"mlgate.{uid}"
    assert event["involvedObject"] == {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": "nightly-retrain",
        "namespace": "research",
        "uid": uid,
    }
    assert event["message"].startswith("denied: CRN001/overlap; warned of: ")
    assert event["message"].endswith(" (`mlgate explain CRN001`)")
    assert (event["type"], event["reason"]) == ("Warning", "PolicyFindings")
    # The next scan writes over it.
    events_of(server)
    assert len(events.objects) == 1


def test_events_that_may_not_be_written_are_an_error(server: Reporting) -> None:
    server.api.serve("", "v1", "Event", "events").status = 403
    for number in range(8):
        server.put(FIXABLE.replace("nightly-retrain", f"retrain-{number}"))
    answer = events_of(server)
    assert answer.code == 4
    assert "events: 5 not written or deleted: 403" in answer.out
    assert "3 more not tried" in answer.out


def events_of(server: Reporting) -> Answer:
    from tests.linter.test_cli import call

    return call("scan", "--rate", "1000", "--events", "--exit-zero")
