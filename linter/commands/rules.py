"""``mlgate rules``: all rules in a table."""

import argparse
from types import SimpleNamespace

from linter.commands.rulebook import tabulate
from linter.judging.rows import URL
from linter.reports.rule_pages import describe_rule
from rules.checks import ALL
from rules.model import Rule
from rules.type_names import TextIO


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate rules``."""
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")


def run(arguments: SimpleNamespace, out: TextIO, _err: TextIO) -> int:
    """Print the rules, one to a line, with each form's action in profile standard."""
    if arguments.format == "json":
        import json

        tree = {"version": 1, "rules": [describe_rule(rule) for rule in ALL]}
        out.write(json.dumps(tree, indent=2, ensure_ascii=False) + "\n")
        return 0
    if arguments.format == "markdown":
        out.write(_render_markdown())
        return 0
    table = [("code", "name", "harm", "fix", "forms (in profile standard)"), *map(_row, ALL)]
    out.write("\n".join(tabulate(table)) + "\n")
    return 0


def _render_markdown() -> str:
    """The rules as a table, for a page of one's own."""
    lines = ["| rule | name | harm | fix | forms (in profile standard) |", "| --- " * 5 + "|"]
    for rule in ALL:
        code, *rest = _row(rule)
        lines.append(f"| [{code}]({URL}{code}) | {' | '.join(rest)} |")
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> tuple[str, ...]:
    forms = ", ".join(f"{form.name} {form.standard}" for form in rule.forms)
    return rule.code, rule.name, rule.harm, rule.fix, forms
