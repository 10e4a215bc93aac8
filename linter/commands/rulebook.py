"""Rules as tables and as the pages of docs/rules."""

import os
from collections.abc import Iterable

from linter.reports import read_page
from rules.checks import ALL
from rules.model import Harm, Rule
from rules.policy.decisions import profile_action
from rules.policy.parameters import SHARED
from rules.policy.values import PROFILES
from rules.type_names import Any

GENERATED = "<!-- Generated from the rules by `make generate`: do not edit. -->"


def tabulate(rows: Iterable[Iterable[str]], indent: str = "") -> list[str]:
    """Rows as lines with columns of even width."""
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        indent
        + "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def form_rows(rule: Rule) -> list[tuple[str, ...]]:
    """A row for each form: name, severity, the action in each profile, summary."""
    return [
        (
            form.name,
            form.severity.value,
            *(profile_action(profile, form).value for profile in PROFILES),
            form.summary,
        )
        for form in rule.forms
    ]


def show_default(value: Any) -> str:
    """A parameter's default as it is written in a policy."""
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {show_default(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(show_default, value)) + "]"
    return value if isinstance(value, str) and value else json.dumps(value)


def pages() -> dict[str, str]:
    """The generated pages: their paths below docs/, and their text."""
    return {
        "rules.md": _index(),
        **{f"rules/{rule.code}.md": _page(rule) for rule in ALL},
    }


def write_docs(folder: str) -> None:
    """Write the generated pages into ``folder``; pages of rules that are gone are removed."""
    os.makedirs(os.path.join(folder, "rules"), exist_ok=True)
    wanted = pages()
    for name in os.listdir(os.path.join(folder, "rules")):
        if name.endswith(".md") and f"rules/{name}" not in wanted:
            os.unlink(os.path.join(folder, "rules", name))
    for path, text in wanted.items():
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(text)


def _index() -> str:
    forms = [
        (f"[{rule.code}](rules/{rule.code}.md)", *row[:-1])
        for rule in ALL
        for row in form_rows(rule)
    ]
    parameters = [
        (f"`{block}.{one.name}`", one.summary, f"`{show_default(one.default)}`")
        for block, shared in SHARED.items()
        for one in shared
    ]
    lines = [
        GENERATED,
        "# Rules",
        "",
        "A rule may find a fault in several forms of different severity. A policy names a rule",
        "(`TRN001`) or one form (`TRN001/operator`). `mlgate explain CODE` prints a rule's page.",
        "",
        "The rules are grouped by the harm that they prevent. The column `fix` says what can be",
        "fixed: `--fix` applies safe fixes (and so does the webhook, to fields that are not set),",
        "`--unsafe-fixes` adds unsafe ones, which you should review. [Profiles](#profiles) lists",
        "what is denied, warned about or audited.",
        "",
        *(line for harm in Harm for line in _by_harm(harm)),
        "## Profiles",
        "",
        "The action of each form in each profile: `deny` refuses the request and fails a run,",
        "`warn` fails a run, `audit` is shown with `--show-audit` only. The severity only affects",
        "order and colour.",
        "",
        *markdown_table(("code", "form", "severity", *PROFILES), forms),
        "",
        "## Parameters that rules share",
        "",
        "Set them in the policy under `parameters`.",
        "",
        *markdown_table(("parameter", "what it is", "default"), parameters),
    ]
    return "\n".join(lines) + "\n"


def _by_harm(harm: Harm) -> list[str]:
    """The section of one harm; none where no rule does it."""
    rows = [
        (f"[{rule.code}](rules/{rule.code}.md)", rule.name, rule.summary, rule.fix)
        for rule in ALL
        if rule.harm is harm
    ]
    heads = ("code", "name", "what it finds", "fix")
    return [f"## What {harm}", "", *markdown_table(heads, rows), ""] if rows else []


def _page(rule: Rule) -> str:
    lines = [
        GENERATED,
        f"# {rule.code} {rule.name}",
        "",
        rule.summary,
        "",
        *markdown_table(
            ("looks at", "harm", "fix", "status"),
            [(rule.scope, rule.harm, rule.fix, rule.status)],
        ),
        "",
        *markdown_table(("form", "severity", *PROFILES, "what it is"), form_rows(rule)),
        "",
    ]
    if any(form.role_gated for form in rule.forms):
        lines += [_gated(rule), ""]
    lines += [read_page(rule)]
    if rule.parameters:
        rows = [
            (f"`{one.name}`", one.summary, f"`{show_default(one.default)}`")
            for one in rule.parameters
        ]
        lines += [
            "",
            "## Parameters",
            "",
            f"They stand in the policy under `rules: {rule.code}`.",
            "",
        ]
        lines += markdown_table(("parameter", "what it is", "default"), rows)
    return "\n".join(lines) + "\n"


def _gated(rule: Rule) -> str:
    """What a role that is not certain does to the rule's actions."""
    free = [f"`{form.name}`" for form in rule.forms if not form.role_gated]
    but = f" Not so {', '.join(free)}: it does not hang on the role." if free else ""
    return (
        "Where the workload's role is not certain, deny becomes warn (confidence medium), and all "
        f"becomes audit (confidence low).{but}"
    )


def markdown_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table."""
    head = tuple(heads)
    lines = [head, ("---",) * len(head), *rows]
    return [
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    ]
