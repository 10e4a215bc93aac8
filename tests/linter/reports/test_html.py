"""The HTML report, in a real browser: what a person sees, filters, opens and copies."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linter.reports import ReportOptions, html
from tests.cluster.waiting import until
from tests.linter.test_cli import BAD, FIXABLE, call

NASTY = BAD.replace("{name: web}", '{name: "</script><img src=x onerror=alert(1)>"}', 1)


def data_of(page: str) -> Any:
    _, _, rest = page.partition('<script type="application/json" id="data">')
    return json.loads(rest.partition("</script>")[0])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.yaml").write_text(FIXABLE)
    (tmp_path / "web.yaml").write_text(NASTY)
    return tmp_path


def write_page(here: Path) -> Path:
    rules = ("--select", "CRN001,HPA001,STO001")
    assert call("lint", "--format", "html", "-o", "page.html", "--show-audit", *rules).code == 1
    return here / "page.html"


def test_the_page_holds_source_fix_and_rule(here: Path) -> None:
    data = data_of(write_page(here).read_text())
    (one,) = (one for one in data["findings"] if one["rule"] == "CRN001")
    assert one["lines"][one["line"] - one["first"]] == "spec:"
    assert one["fix"]["diff"] == ["+  concurrencyPolicy: Forbid"]
    assert data["rules"]["CRN001"]["docs"].startswith("## What")
    assert data["summary"][-1] == "policy: built-in, profile standard"


def test_nothing_in_a_manifest_ends_the_script(here: Path) -> None:
    page = write_page(here).read_text()
    assert page.count("</script>") == 2
    names = {one["name"] for one in data_of(page)["findings"]}
    assert "</script><img src=x onerror=alert(1)>" in names


def test_a_changed_line_is_shown_before_and_after() -> None:
    fix: Any = {
        "title": "a",
        "safety": "safe",
        "edits": [],
        "text": [
            {"line": 2, "column": 4, "end_line": 2, "end_column": 5, "text": "2"},
            {"line": 3, "column": 1, "end_line": 4, "end_column": 1, "text": ""},
        ],
    }
    assert html._diff(fix, ["x", "a: 1 # b", "gone", "stays"]) == [
        "-a: 1 # b",
        "+a: 2 # b",
        "-gone",
    ]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not chromium:
        pytest.skip("no chromium and chromedriver on PATH")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    home = tmp_path_factory.mktemp("browser")
    for flag in ("--headless=new", "--no-sandbox", f"--user-data-dir={home}", "--lang=en"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver, env={**os.environ, "HOME": str(home)})
    one = webdriver.Chrome(options=options, service=service)
    yield one
    one.quit()


def open_page(browser: Any, page: Path, fragment: str = "") -> None:
    browser.get("about:blank")
    browser.get(f"file://{page}{fragment}")


def texts(browser: Any, selector: str) -> list[str]:
    return [one.text for one in browser.find_elements("css selector", selector)]


def click(browser: Any, selector: str) -> None:
    browser.find_element("css selector", selector).click()


def click_and_see(browser: Any, selector: str, shown: str) -> None:
    """Click, and wait for what it shows: a browser tells of an opened `details` later."""
    click(browser, selector)
    until(lambda: bool(browser.find_elements("css selector", shown)))


def test_a_person_filters_and_opens(here: Path, browser: Any) -> None:
    open_page(browser, write_page(here))
    assert texts(browser, "#shown") == ["3 of 3 findings"]
    assert "deny" in texts(browser, "#totals button")[0]
    browser.find_element("css selector", "#search").send_keys("overlap")
    assert texts(browser, "#shown") == ["1 of 3 findings"]
    click_and_see(browser, "#list summary", "#list pre[aria-label=source]")
    (source,) = texts(browser, "#list pre[aria-label=source]")
    assert "4 | spec:" in source
    assert texts(browser, "#list mark") == ["spec"]
    assert texts(browser, "#list .new") == ["+  concurrencyPolicy: Forbid"]
    click_and_see(browser, "#list .rule summary", "#list .rule h3")
    assert "Why" in texts(browser, "#list .rule h3")
    click(browser, "#clear")
    click(browser, "#charts .bar[title=HorizontalPodAutoscaler]")
    assert texts(browser, "#shown") == ["1 of 3 findings"]
    assert "HPA001/missing" in texts(browser, "#list summary")[0]
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_filters_stand_in_the_address(here: Path, browser: Any) -> None:
    page = write_page(here)
    open_page(browser, page)
    click(browser, "#charts .bar[title=CRN001]")
    address = browser.current_url
    open_page(browser, page, address[address.index("#") :])
    assert texts(browser, "#shown") == ["1 of 3 findings"]


def test_the_keyboard_is_enough(here: Path, browser: Any) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    open_page(browser, write_page(here))
    press = ActionChains(browser).send_keys
    press("/").perform()
    assert browser.switch_to.active_element.get_attribute("id") == "search"
    browser.switch_to.active_element.send_keys("overlap", *[Keys.TAB] * 4, Keys.ENTER)
    assert len(texts(browser, "#list details[open]")) == 1
    browser.find_element("css selector", "#search").send_keys(Keys.ESCAPE)
    assert texts(browser, "#shown") == ["3 of 3 findings"]


def test_it_copies_and_changes_its_colours(here: Path, browser: Any) -> None:
    open_page(browser, write_page(here))
    click_and_see(browser, "#open", "#list .copy")
    click(browser, "#list .copy")
    # The browser's clipboard answers later.
    until(lambda: texts(browser, "#list .copy")[0] == "copied")
    before = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    click(browser, "#theme")
    after = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert before != after


def test_a_print_holds_every_finding(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "many.html"
    page.write_text(render_many(450))
    open_page(browser, page)
    assert len(texts(browser, "#list > details")) == 200
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(browser.find_elements("css selector", "#list > details")) == 450


def test_ten_thousand_findings_are_searched_at_once(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "many.html"
    page.write_text(render_many(10_000))
    open_page(browser, page)
    assert texts(browser, "#shown") == ["10,000 of 10,000 findings"]
    browser.find_element("css selector", "#search").send_keys("name-9999")
    assert texts(browser, "#shown") == ["1 of 10,000 findings"]


def render_many(number: int) -> str:
    report = json.loads(call("lint", "-", "--format", "json", stdin=BAD).out)
    row = {**report["findings"][0], "path": (), "gpu_hours": None}
    rows = [{**row, "object": {**row["object"], "name": f"name-{at}"}} for at in range(number)]
    result: Any = {**report, "findings": rows}
    options = ReportOptions(
        colour=False, show_audit=True, show_roles=False, read_source=lambda _: BAD
    )
    return "".join(html.render(result, options))
