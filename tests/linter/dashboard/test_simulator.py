"""A policy tried out: what changes is what a scan by that policy would find."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from linter.dashboard.changes import report_changes
from linter.dashboard.simulator import judge_aside, judge_seen
from rules.model import Action
from rules.policy import Policy
from rules.policy.entries import ExceptionEntry
from tests.cluster.waiting import until
from tests.linter.dashboard.in_process import ask, cluster, look, post, show
from tests.linter.scanning.test_scan import Server
from tests.linter.test_cli import BAD, FIXABLE


@pytest.fixture
def server() -> Iterator[Server]:
    with cluster() as one:
        one.put(FIXABLE)
        one.put(FIXABLE, "other")
        one.put(BAD)
        yield one


def simulate(app: ASGIApp, **choice: Any) -> dict[str, Any]:
    begun = post(app, choice)
    assert begun.status == 202, begun.body
    path = begun.headers["location"]
    until(lambda: ask(app, path).json["state"] != "running")
    done: dict[str, Any] = ask(app, path).json
    assert done["state"] == "done", done
    report: dict[str, Any] = done["report"]
    return report


@pytest.mark.parametrize("profile", ["observe", "standard", "strict"])
def test_a_profile_changes_what_a_scan_by_it_would_find(server: Server, profile: str) -> None:
    before = look(server)
    report = simulate(show(before), profile=profile)
    after = look(server, Policy(profile=profile))
    wanted = report_changes(before.result["findings"], after.result["findings"])
    assert report == wanted.model_dump(mode="json")


def test_another_process_comes_to_the_same(server: Server) -> None:
    seen = look(server)
    here, there = (show(seen, compare=one) for one in (judge_seen, judge_aside))
    report = simulate(there, profile="strict")
    assert report["changed"] > 0
    assert report == simulate(here, profile="strict")


def test_what_is_off_is_found_when_it_is_put_on(server: Server) -> None:
    app = show(look(server, Policy(rules={"CRN001": Action.OFF})))
    assert ask(app, "/api/v1/findings?rule=CRN001").json["total"] == 0
    report = simulate(app, rules={"CRN001/overlap": "deny"})
    assert (report["gained"], report["lost"], report["changed"]) == (2, 0, 0)
    assert report["denied"][1] - report["denied"][0] == 2
    assert {one["name"] for one in report["namespaces"]} == {"research", "other"}
    (change, _) = report["changes"]
    assert (change["before"], change["after"], change["rule"]) == ("nothing", "deny", "CRN001")


def test_an_exception_holds_in_a_simulation_too(server: Server) -> None:
    entry = ExceptionEntry(frozenset({"CRN001"}), "known", "ml", namespace="other")
    app = show(look(server, Policy(rules={"CRN001": Action.WARN}, exceptions=(entry,))))
    report = simulate(app, rules={"CRN001": "deny"})
    (row,) = (one for one in report["rules"] if one["name"] == "CRN001/overlap")
    assert (row["before"]["warn"], row["after"]["deny"], row["after"]["excepted"]) == (1, 1, 1)


def test_nothing_is_asked_of_the_cluster(server: Server) -> None:
    app = show(look(server))
    asked = len(server.api.requests)
    simulate(app, profile="strict")
    assert len(server.api.requests) == asked


def test_what_was_seen_counts_though_the_cluster_has_changed(server: Server) -> None:
    app = show(look(server))
    server.api.delete(server.kinds["batch", "CronJob"], "nightly-retrain", "other")
    report = simulate(app, rules={"CRN001": "audit"})
    assert report["changed"] == 2


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({}, "nothing is chosen"),
        ({"rules": {"CRN01": "deny"}}, "there is no rule CRN01; did you mean 'CRN001'?"),
        ({"rules": {"CRN001/nope": "deny"}}, "there is no rule CRN001/nope"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(
    server: Server, choice: dict[str, Any], reason: str
) -> None:
    reply = post(show(look(server)), choice)
    assert (reply.status, reply.json["detail"].startswith(reason)) == (400, True)


@pytest.mark.parametrize(
    "choice",
    [
        {"profile": "lax"},
        {"rules": {"CRN001": "excepted"}},
        {"rules": {f"CRN{at}": "deny" for at in range(201)}},
        {"profile": "strict", "policy": "mine"},
        [],
        {"profile": float("inf")},
        {"rules": {"CRN001": float("nan")}},
    ],
)
def test_a_choice_of_another_shape_is_refused(choice: Any) -> None:
    assert post(show(), choice).status == 422


def test_a_profile_of_the_command_line_wins_over_rules(server: Server) -> None:
    app = show(look(server, profile="observe"))
    assert "--profile observe wins" in post(app, {"rules": {"CRN001": "deny"}}).json["detail"]
    assert simulate(app, profile="standard")["after"]["deny"] > 0


def test_one_goes_on_at_a_time(server: Server) -> None:
    go_on = threading.Event()

    def wait(*_: Any) -> Any:
        go_on.wait(20)
        return report_changes([], [])

    app = show(look(server), compare=wait)
    path = post(app, {"profile": "strict"}).headers["location"]
    reply = post(app, {"profile": "strict"})
    assert (reply.status, reply.headers["retry-after"]) == (429, "5")
    go_on.set()
    until(lambda: bool(ask(app, path).json["state"] == "done"))
    assert post(app, {"profile": "observe"}).status == 202


def test_a_crash_is_told_without_its_text(server: Server) -> None:
    def fail(*_: Any) -> Any:
        raise ValueError("a value of an object")

    app = show(look(server), compare=fail)
    path = post(app, {"profile": "strict"}).headers["location"]
    until(lambda: bool(ask(app, path).json["state"] == "failed"))
    assert ask(app, path).json["reason"].startswith("the simulation crashed: ValueError")
    assert "a value" not in ask(app, path).body.decode()


def test_the_last_ones_are_remembered(server: Server) -> None:
    app = show(look(server))
    for _ in range(9):
        simulate(app, profile="strict")
    assert ask(app, "/api/v1/simulations/1").status == 404
    assert ask(app, "/api/v1/simulations/9").json["state"] == "done"


def test_a_cluster_too_large_to_be_kept_is_scanned_and_not_simulated(server: Server) -> None:
    seen = look(server, most=100)
    assert seen.result["findings"] == look(server).result["findings"]
    app = show(seen)
    assert ask(app, "/api/v1/status").json["simulator"] is False
    reply = post(app, {"profile": "strict"})
    assert (reply.status, "--snapshot-size" in reply.json["detail"]) == (503, True)
