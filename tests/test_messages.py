"""What is said to people is said in their words: no Python stands in a message."""

import ast
from pathlib import Path

import pytest

from tests.packages import ROOT, find_modules

NO_MESSAGES = {"rules/closed_set.py": 1, "rules/record.py": 1, "rules/scalars.py": 1}
"""How a record or an enumeration shows in a debugger, and the shortest digits that mean a float,
are what ``repr`` writes: that is no message."""


@pytest.mark.parametrize("path", find_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_value_is_shown_as_python_writes_it(path: Path) -> None:
    found = _representations(ast.parse(path.read_text()))
    assert len(found) == NO_MESSAGES.get(str(path.relative_to(ROOT)), 0), found


def _representations(tree: ast.AST) -> list[int]:
    """The lines that call ``repr``, or have an f-string do it."""
    return [node.lineno for node in ast.walk(tree) if _represents(node)]  # type: ignore[attr-defined]


def _represents(node: ast.AST) -> bool:
    if isinstance(node, ast.FormattedValue):
        return node.conversion in (ord("r"), ord("a"))
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "repr"
