"""``mlgate explain CODE|NAME``: what a rule means, why, and what to write instead."""

import argparse
import os
import re
from collections.abc import Iterator
from types import SimpleNamespace

from linter.commands.rulebook import form_rows, show_default, tabulate
from linter.reports import choose_colour
from linter.reports.rule_pages import describe_rule, find_rule
from linter.reports.terminal import paint
from rules.model import Rule
from rules.policy.values import PROFILES
from rules.type_names import TextIO

EXPLANATION_VERSION = 1
"""Of the JSON: no key of it goes, or changes its meaning (docs/json.md)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate explain``."""
    parser.add_argument("rule", metavar="CODE|NAME", help="a rule, such as TRN001")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: SimpleNamespace, out: TextIO, _err: TextIO) -> int:
    """Print one rule. Raises UserError where there is no such rule."""
    rule = find_rule(arguments.rule)
    if arguments.format == "json":
        import json

        tree = {"version": EXPLANATION_VERSION, **describe_rule(rule)}
        out.write(json.dumps(tree, indent=2, ensure_ascii=False) + "\n")
        return 0
    lines = _draw(rule, colour=choose_colour(out, os.environ))
    out.write("\n".join(lines) + "\n")
    return 0


def _draw(rule: Rule, *, colour: bool) -> Iterator[str]:
    yield paint(f"{rule.code} {rule.name}", "strong", colour=colour)
    yield rule.summary
    yield ""
    yield f"looks at: {rule.scope}"
    yield f"harm: {rule.harm}"
    yield f"fix: {rule.fix}"
    yield f"status: {rule.status}"
    yield ""
    yield from tabulate([("form", "severity", *PROFILES, ""), *form_rows(rule)])
    if rule.parameters:
        yield ""
        yield paint(f"Parameters (in the policy: rules: {rule.code})", "strong", colour=colour)
    for parameter in rule.parameters:
        yield f"  {parameter.name}: {show_default(parameter.default)}"
        yield f"      {parameter.summary}"
    yield from _draw_docs(describe_rule(rule)["docs"], colour=colour)


def _draw_docs(docs: str, *, colour: bool) -> Iterator[str]:
    """Markdown as plain text: headings stand out, code is indented and loses its fences."""
    # A fence opens and closes alike: only counting tells which it is.
    inside = False
    for line in docs.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield f"    {line}".rstrip()
        elif line.startswith("## "):
            yield ""
            yield paint(re.sub("^#+ ", "", line), "strong", colour=colour)
        elif line:
            yield line
