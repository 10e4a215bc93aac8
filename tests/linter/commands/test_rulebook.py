import argparse
import io
import json
from pathlib import Path

import pytest

from linter.commands import explain, rules
from linter.commands.rulebook import (
    GENERATED,
    pages,
    show_default,
    write_docs,
)
from linter.errors import UserError
from linter.reports.rule_pages import describe_rule, find_rule
from rules.checks import ALL
from rules.declaration import declare
from rules.model import Action, Form, Harm, Parameter, Rule, Severity

DOCS = Path(__file__).parents[3] / "docs"

RULE = Rule(
    code="ABC123",
    name="some-name",
    harm=Harm.LEAKS,
    forms=(
        Form("one", Severity.ERROR, Action.DENY, Action.DENY, "the first | form"),
        Form("two", Severity.INFO, Action.OFF, Action.WARN, "the second", role_gated=False),
    ),
    check=None,
    docs="Something is wrong.\n\n## What\nThis.\n\n## Example\n```yaml\na: 1\n```\nSo.\n",
    fix="safe",
    scope="everything",
    parameters=(Parameter("most", "how many", default={"x": [1, "two"], "y": None}),),
)


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("linter.commands.rulebook", "linter.commands.rules"):
        monkeypatch.setattr(f"{module}.ALL", (RULE,))
    monkeypatch.setattr("linter.reports.rule_pages.INDEX", (declare(RULE),))


def call(module: object, *words: str) -> str:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]
    out, err = io.StringIO(), io.StringIO()
    assert module.run(parser.parse_args(words), out, err) == 0  # type: ignore[attr-defined]
    assert not err.getvalue()
    return out.getvalue()


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("word", ["ABC123", "abc123", "some-name", "ABC123/one", "abc123/Two"])
def test_explain_prints_the_rule(word: str) -> None:
    assert call(explain, word) == (
        "ABC123 some-name\n"
        "Something is wrong.\n"
        "\n"
        "looks at: everything\n"
        "harm: leaks\n"
        "fix: safe\n"
        "status: stable\n"
        "\n"
        "form  severity  observe  standard  strict\n"
        "one   error     audit    deny      deny    the first | form\n"
        "two   info      off      off       warn    the second\n"
        "\n"
        "Parameters (in the policy: rules: ABC123)\n"
        "  most: {x: [1, two], y: null}\n"
        "      how many\n"
        "\n"
        "What\n"
        "This.\n"
        "\n"
        "Example\n"
        "    a: 1\n"
        "So.\n"
    )


@pytest.mark.usefixtures("book")
def test_explain_stands_out_in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1mWhat\x1b[0m" in call(explain, "ABC123")


@pytest.mark.usefixtures("book")
def test_explain_as_json_tells_everything() -> None:
    shown = json.loads(call(explain, "--format", "json", "ABC123"))
    assert shown["version"] == 1
    assert shown["forms"][1] == {
        "name": "two",
        "summary": "the second",
        "severity": "info",
        "role_gated": False,
        "observe": "off",
        "standard": "off",
        "strict": "warn",
    }
    assert shown["parameters"][0]["default"] == {"x": [1, "two"], "y": None}
    assert shown["docs"].startswith("## What\nThis.")
    assert shown["url"].endswith("/ABC123")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("STO1", "; did you mean 'STO001'?"),
        ("accelerator-in-limit", "; did you mean 'accelerator-in-limits'?"),
        ("crn", "; there are CRN001, CRN002, CRN003, CRN004"),
        ("qqqqqqqqqqq", "; `mlgate rules` lists them"),
    ],
)
def test_an_unknown_rule_is_a_users_error(word: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        find_rule(word)
    assert str(error.value) == f"there is no rule '{word}'{hint}"


@pytest.mark.usefixtures("book")
def test_rules_prints_a_table() -> None:
    assert call(rules) == (
        "code    name       harm   fix   forms (in profile standard)\n"
        "ABC123  some-name  leaks  safe  one deny, two off\n"
    )


def test_rules_as_json_tells_every_rule() -> None:
    shown = json.loads(call(rules, "--format", "json"))
    assert shown["version"] == 1
    assert [one["code"] for one in shown["rules"]] == [rule.code for rule in ALL]
    assert shown["rules"][0] == json.loads(json.dumps(describe_rule(ALL[0])))


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.code)
def test_every_rule_can_be_explained(rule: Rule) -> None:
    text = call(explain, rule.code)
    assert rule.summary in text
    assert "```" not in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        ("", '""'),
        (True, "true"),
        (None, "null"),
        (("a", 1), "[a, 1]"),
        ({}, "{}"),
    ],
)
def test_defaults_are_shown_as_the_policy_has_them(value: object, shown: str) -> None:
    assert show_default(value) == shown


@pytest.mark.usefixtures("book")
def test_a_page_for_each_rule_and_an_index(tmp_path: Path) -> None:
    gone = tmp_path / "rules" / "OLD001.md"
    gone.parent.mkdir()
    gone.write_text("old")
    write_docs(str(tmp_path))

    assert not gone.exists()
    page = (tmp_path / "rules" / "ABC123.md").read_text()
    assert page.startswith(f"{GENERATED}\n# ABC123 some-name\n\nSomething is wrong.\n")
    assert "| one | error | audit | deny | deny | the first \\| form |" in page
    assert "| `most` | how many | `{x: [1, two], y: null}` |" in page
    assert "Not so `two`" in page
    index = (tmp_path / "rules.md").read_text()
    assert "| [ABC123](rules/ABC123.md) | some-name | Something is wrong. | safe |" in index
    assert "| [ABC123](rules/ABC123.md) | two | info | off | off | warn |" in index


def test_the_docs_are_the_generated_ones() -> None:
    stored = {
        str(path.relative_to(DOCS)): path.read_text(encoding="utf-8")
        for path in (DOCS / "rules.md", *(DOCS / "rules").glob("*.md"))
    }
    assert stored == pages()
