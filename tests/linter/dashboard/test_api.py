"""The JSON API: what was scanned, as programs are told of it."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp

from rules.checks import ALL
from tests.linter.dashboard.in_process import LOCAL, ask, cluster, look, show
from tests.linter.reports.test_html import data_of
from tests.linter.test_cli import BAD, FIXABLE

PLANTED = "q7Zk2mVx9Lw4Tn8Rb3JcA5dE"
LEAKY = FIXABLE.replace(
    "image: trainer,", f"image: trainer, env: [{{name: HF_TOKEN, value: {PLANTED}}}],"
)


@pytest.fixture(scope="module")
def app() -> Iterator[ASGIApp]:
    with cluster() as server:
        server.put(FIXABLE, labels={"team": "vision"})
        server.put(BAD)
        server.put(FIXABLE, "other")
        namespaces = server.kinds["", "Namespace"]
        server.api.put(namespaces, "other", metadata={"labels": {"team": "speech"}})
        first = look(server)
        server.api.delete(server.kinds["batch", "CronJob"], "nightly-retrain", "other")
        server.put(LEAKY, "third")
        yield show(first, look(server))


def test_the_status_tells_what_is_shown(app: ASGIApp) -> None:
    status = ask(app, "/api/v1/status").json
    assert (status["state"], status["scan"]["number"], status["failure"]) == ("fresh", 2, None)
    assert (status["scan"]["outcome"], status["scan"]["objects"]) == ("whole", 3)
    assert (status["simulator"], status["team_label"], status["interval"]) == (True, "team", 600)
    assert status["scan"]["policy"] == "built-in, profile standard"


def test_the_history_tells_what_came_and_went(app: ASGIApp) -> None:
    first, second = ask(app, "/api/v1/history").json
    assert (first["number"], first["new"], first["gone"]) == (1, 0, 0)
    assert second["new"] > second["gone"] > 0
    assert sum(second["counts"].values()) - sum(first["counts"].values()) == (
        second["new"] - second["gone"]
    )


def test_findings_are_counted_by_namespace_and_team(app: ASGIApp) -> None:
    groups = ask(app, "/api/v1/groups/namespace").json
    assert {one["name"] for one in groups} == {"research", "third"}
    assert [one["counts"]["deny"] for one in groups] == sorted(
        (one["counts"]["deny"] for one in groups), reverse=True
    )
    assert {one["name"] for one in ask(app, "/api/v1/groups/team").json} == {"vision", ""}
    for group in groups:
        found = ask(app, f"/api/v1/findings?namespace={group['name']}&limit=500").json
        assert found["total"] == sum(group["counts"].values())
        assert {one["object"]["namespace"] for one in found["findings"]} == {group["name"]}


def test_a_namespaces_team_is_that_of_objects_without_one() -> None:
    with cluster() as server:
        server.put(FIXABLE, "other")
        namespaces = server.kinds["", "Namespace"]
        server.api.put(namespaces, "other", metadata={"labels": {"team": "speech"}})
        teams = ask(show(look(server)), "/api/v1/groups/team").json
    assert [one["name"] for one in teams] == ["speech"]


def test_findings_are_paged_and_chosen(app: ASGIApp) -> None:
    every = ask(app, "/api/v1/findings?limit=500").json
    assert every["total"] == len(every["findings"])
    parts = [ask(app, f"/api/v1/findings?limit=2&offset={at}").json for at in (0, 2)]
    assert [*parts[0]["findings"], *parts[1]["findings"]] == every["findings"][:4]
    chosen = ask(app, "/api/v1/findings?rule=CRN001&action=deny&team=vision").json
    assert [one["file"] for one in chosen["findings"]] == ["research/CronJob.batch/nightly-retrain"]
    assert chosen["findings"][0]["path"].startswith("/spec")


@pytest.mark.parametrize("query", ["limit=501", "offset=-1", "colour=red", f"rule={'x' * 301}"])
def test_a_query_that_means_nothing_is_refused(app: ASGIApp, query: str) -> None:
    assert ask(app, f"/api/v1/findings?{query}").status == 422


def test_rules_tell_what_holds_now_and_what_was_found(app: ASGIApp) -> None:
    rules = {one["code"]: one for one in ask(app, "/api/v1/rules").json}
    assert rules.keys() == {rule.code for rule in ALL}
    assert rules["CRN001"]["counts"]["deny"] == 2
    page = ask(app, "/api/v1/rules/CRN001").json
    assert page["docs"].startswith("## What")
    (overlap,) = (form for form in page["forms"] if form["name"] == "overlap")
    assert (overlap["action"], overlap["source"]) == ("deny", "profile standard")
    assert ask(app, "/api/v1/rules/CRN999").status == 404


def test_the_report_holds_the_scan_and_its_teams(app: ASGIApp) -> None:
    packed = ask(app, "/report", headers={**LOCAL, "accept-encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    page = ask(app, "/report").body.decode()
    assert gzip.decompress(packed.body).decode() == page
    data = data_of(page)
    assert data["scan"] == 2
    assert {one["team"] for one in data["findings"]} == {"vision", ""}
    assert "unsafe-inline" not in page
    assert "<style" not in page
    assert page.count("<script>") == 0


def test_no_page_and_no_answer_gives_a_credential_away(app: ASGIApp) -> None:
    assert ask(app, "/api/v1/findings?rule=SEC001").json["total"] == 1
    for path in ("/report", "/api/v1/findings?limit=500", "/api/v1/history", "/api/v1/status"):
        assert PLANTED not in ask(app, path).body.decode()


def test_metrics_are_those_of_the_last_scan_and_of_the_rounds(app: ASGIApp) -> None:
    lines = ask(app, "/metrics").body.decode().splitlines()
    assert 'mlgate_scan_findings{action="deny",rule="CRN001"} 2.0' in lines
    assert 'mlgate_dashboard_scans_total{outcome="whole"} 2.0' in lines
    assert "mlgate_dashboard_stale 0.0" in lines
    assert not any("_created" in line for line in lines)
    groups = ask(app, "/api/v1/groups/namespace").json
    for one in groups:
        labels = f'action="deny",resource_namespace="{one["name"]}"'
        assert f"mlgate_scan_namespace_findings{{{labels}}} {one['counts']['deny']}.0" in lines
    assert "mlgate_scan_" not in ask(show(), "/metrics").body.decode()


def test_the_history_is_as_long_as_asked_for(app: ASGIApp) -> None:
    (last,) = ask(app, "/api/v1/history?limit=1").json
    assert last["number"] == 2


def test_before_the_first_scan_it_says_so() -> None:
    app = show()
    assert ask(app, "/api/v1/status").json["state"] == "starting"
    assert ask(app, "/api/v1/history").json == []
    for path in ("/api/v1/findings", "/api/v1/groups/rule"):
        reply = ask(app, path)
        assert (reply.status, reply.json["detail"]) == (503, "no scan has ended yet")
    assert ask(app, "/api/v1/rules/TRN001").json["counts"]["deny"] == 0
    assert ask(app, "/report").status == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/assets/../html.py", "/assets/html.py", "/docs", "/rules/"]
)
def test_there_is_nothing_else(path: str) -> None:
    assert ask(show(), path).status == 404


PATHS = (
    *("/api/v1/status", "/api/v1/history", "/api/v1/groups/{group}", "/api/v1/findings"),
    *("/api/v1/rules", "/api/v1/rules/{code}"),
    *("/api/v1/simulations", "/api/v1/simulations/{number}"),
)
TYPED_PATHS = ("/api/v1/groups/{group}", "/api/v1/simulations/{number}")
"""Where not any word will do."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_openapi_tells_of_every_route(app: ASGIApp) -> None:
    document = ask(app, "/openapi.json").json
    assert document["paths"].keys() == set(PATHS)
    for methods in document["paths"].values():
        assert methods.keys() <= {"get", "post"}
        for one in methods.values():
            assert one["description"]


def test_every_answer_is_one_that_the_document_tells_of(app: ASGIApp) -> None:
    """Requests by the document, and others: no fault, and no status or shape that it does not
    name."""
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app, headers=LOCAL)
    operations = [one.ok() for one in schema.get_all_operations()]
    assert {one.path for one in operations} == set(PATHS)
    for one in operations:
        ask_variously(one.as_strategy())
        if one.body or one.query or one.path in TYPED_PATHS:
            ask_variously(one.as_strategy(generation_mode=GenerationMode.NEGATIVE))


def ask_variously(cases: SearchStrategy[Any]) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(case=cases)
    def ask_one(case: Any) -> None:
        case.call_and_validate(headers=LOCAL, checks=CHECKS)

    ask_one()
