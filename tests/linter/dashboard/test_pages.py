"""The dashboard in a real browser, served as it is served to people, behind its token."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linter.dashboard.app import create_dashboard
from linter.dashboard.board import Board
from linter.dashboard.gate import Gate, TokenOnDisk
from linter.dashboard.server import ListenOptions, listen, make_server
from tests.cluster.waiting import until
from tests.linter.dashboard.in_process import cluster, look, view
from tests.linter.reports.test_html import browser, click, click_and_see
from tests.linter.scanning.test_scan import Server
from tests.linter.test_cli import BAD, FIXABLE

__all__ = ["browser"]

SHOWN = "a-token-of-enough-characters"
NASTY = '</script><img src=x onerror="document.title=1">'


class Running:
    """A dashboard that is served, its board, and the cluster behind it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.cluster = server
        self.board = Board(600.0, "team")
        (folder / "token").write_text(SHOWN)
        app = create_dashboard(self.board, Gate(TokenOnDisk(str(folder / "token"))))
        options = ListenOptions("127.0.0.1", 0)
        self.socket = listen(options)
        self.served = make_server(app, options, lambda _: None)
        self.thread = threading.Thread(target=self.served.run, args=([self.socket],))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def scan(self) -> None:
        self.board.take(view(self.board, look(self.cluster)))


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with cluster() as server:
        server.put(FIXABLE, labels={"team": "vision"})
        server.put(BAD)
        server.put(FIXABLE, "other", annotations={"note": NASTY})
        one = Running(server, tmp_path_factory.mktemp("dashboard"))
        one.scan()
        one.thread.start()
        yield one
        one.served.should_exit = True
        one.thread.join(20)
        assert not one.thread.is_alive()


def read(browser: Any, selector: str) -> list[str]:
    """The texts of elements, all at one moment: the page may draw them anew at the next."""
    script = "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText)"
    found: list[str] = browser.execute_script(script, selector)
    return found


@pytest.fixture
def at(dashboard: Running, browser: Any) -> Any:
    """What opens a page and waits until it is drawn."""
    # As a person types the token once, when the browser asks for it.
    browser.get(f"http://me:{SHOWN}@{dashboard.address}/api/v1/status")
    browser.get_log("browser")

    def open_page(path: str) -> Any:
        browser.get("about:blank")
        browser.get(f"http://{dashboard.address}{path}")
        until(lambda: bool(read(browser, "#fresh") and read(browser, "#fresh")[0]))
        until(lambda: not browser.find_elements("css selector", "[aria-busy=true]"))
        return browser

    yield open_page
    # Refusals of the server are told on the page.
    faults = [one for one in browser.get_log("browser") if one["source"] != "network"]
    assert [one for one in faults if one["level"] == "SEVERE"] == []


def test_without_the_token_a_browser_shows_nothing(dashboard: Running, browser: Any) -> None:
    browser.get(f"http://me:wrong@{dashboard.address}/report")
    assert "CRN001" not in browser.page_source
    assert "nightly-retrain" not in browser.page_source
    browser.get_log("browser")


def test_the_overview_leads_to_what_it_counts(at: Any) -> None:
    page = at("/")
    assert read(page, "#fresh")[0].startswith("scanned just now")
    assert read(page, "nav a[aria-current]") == ["Overview"]
    assert page.find_element("css selector", ".total b.deny").text != "0"
    assert len(page.find_elements("css selector", ".plot g")) == 1
    click(page, ".cards a[title^=vision]")
    until(lambda: bool(read(page, "#shown")))
    assert "team=vision" in page.current_url
    assert read(page, "#charts .bar[aria-pressed=true] span:first-child") == ["vision"]


def test_the_report_is_drawn_under_the_strict_policy(at: Any) -> None:
    page = at("/report#rule=CRN001")
    assert read(page, "h1") == ["Report"]
    assert read(page, "#shown")[0].startswith("2 of ")
    click_and_see(page, "#list summary", "#list pre[aria-label=source]")
    bar = page.find_element("css selector", "#charts .bar i")
    assert bar.size["width"] > 10  # styles that a script sets count
    assert page.title != "1"


def test_namespaces_are_listed_and_searched(at: Any) -> None:
    page = at("/namespaces")
    assert set(read(page, "tbody td:first-child")) == {"research", "other"}
    page.find_element("css selector", ".search").send_keys("oth")
    assert read(page, "tbody td:first-child") == ["other"]
    assert (
        page.find_element("css selector", "tbody a")
        .get_attribute("href")
        .endswith("/report#namespace=other")
    )


def test_a_rules_page_is_drawn_and_leads_to_the_simulator(at: Any) -> None:
    page = at("/rules/CRN001")
    assert read(page, "h1") == ["CRN001 retrain-concurrency-forbid"]
    assert "Why" in read(page, ".docs h3")
    assert read(page, "td.deny") == ["deny"]
    assert read(page, ".links a")[0] == "found: 2 deny"
    click(page, ".links a[href^='/simulator']")
    until(lambda: bool(page.find_elements("css selector", "#choices select")))
    (chosen,) = page.find_elements("css selector", "#choices .rule-name")
    assert chosen.get_attribute("value") == "CRN001"


def test_a_policy_is_tried_out(at: Any) -> None:
    page = at("/simulator#rule=CRN001")
    page.find_element("css selector", "[aria-label=action] option[value=audit]").click()
    click(page, "#try")
    until(lambda: bool(read(page, ".verdict")))
    assert read(page, ".verdict") == ["2 fewer objects would be denied."]
    assert {"research", "other"} == set(
        read(page, "#outcome table:first-of-type td:first-child")
    ) & {
        "research",
        "other",
    }
    assert "deny → audit" in read(page, "#outcome td.change")
    page.find_element("css selector", "#choices button").click()
    click(page, "#try")
    until(lambda: bool(read(page, "#outcome .problem")))
    assert read(page, "#outcome .problem")[0].startswith("nothing is chosen")


def test_a_failure_is_told_on_every_page_and_a_new_scan_is_shown(
    at: Any, dashboard: Running
) -> None:
    dashboard.board.fail("the API server cannot be asked: it is away")
    page = at("/teams")
    assert "The last scan failed: the API server cannot be asked" in read(page, "#notice")[0]
    assert len(read(page, "tbody tr")) == 2
    dashboard.cluster.put(FIXABLE, "fresh", labels={"team": "speech"})
    dashboard.scan()
    page.execute_script("refresh()")
    until(lambda: len(read(page, "tbody tr")) == 3)
    assert read(page, "#notice") == [""]


def test_an_open_finding_stays_open_until_somebody_asks(at: Any, dashboard: Running) -> None:
    page = at("/report")
    click_and_see(page, "#list summary", "#list pre[aria-label=source]")
    dashboard.scan()
    page.execute_script("refresh()")
    until(lambda: bool(page.find_elements("css selector", "#renew")))
    assert page.find_elements("css selector", "#list details[open]")
    click(page, "#renew")
    until(lambda: not page.find_elements("css selector", "#renew, #list details[open]"))
