"""The size of functions and modules, docstrings counted: what is longer hides a second thing."""

import ast
from collections.abc import Iterator
from statistics import median, quantiles
from typing import NamedTuple

from tests.packages import PACKAGES, ROOT, find_modules

MODULES = {str(path.relative_to(ROOT)): path.read_text() for path in find_modules()}


class Function(NamedTuple):
    """A function with the lines from its ``def`` to its end."""

    module: str
    name: str
    lines: int


def _functions() -> Iterator[Function]:
    for module, text in MODULES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                yield Function(module, node.name, length)


FUNCTIONS = list(_functions())


def test_the_packages_are_read() -> None:
    assert {module.split("/")[0] for module in MODULES} == set(PACKAGES)
    assert len(FUNCTIONS) > 1000


def test_no_module_is_longer_than_300_lines() -> None:
    assert [name for name, text in MODULES.items() if len(text.splitlines()) > 300] == []


def test_no_rule_is_longer_than_120_lines() -> None:
    rules = [name for name in MODULES if name.startswith("rules/checks/")]
    rules.remove("rules/checks/__init__.py")  # a line for each rule
    assert [name for name in rules if len(MODULES[name].splitlines()) > 120] == []


def test_no_function_is_longer_than_50_lines() -> None:
    assert [one for one in FUNCTIONS if one.lines > 50] == []


def test_most_functions_are_short() -> None:
    lengths = [one.lines for one in FUNCTIONS]
    assert median(lengths) <= 7
    assert quantiles(lengths, n=20)[-1] <= 20
