"""What is known of kinds stands in ``rules/kinds`` and nowhere else."""

import ast

import pytest

from rules.kinds import BUILT_IN
from rules.kinds.neighbours import NEIGHBOURS
from tests.packages import ROOT, find_modules

HOME = ROOT / "rules" / "kinds"
KNOWN = (*BUILT_IN, *NEIGHBOURS)
NAMES = {kind.name for kind in KNOWN} | {kind.group for kind in KNOWN if "." in kind.group}
"""The kinds that run something, and those that are looked up for them.

Namespaces, which a policy is scoped by, and the Secrets, Leases and webhook configurations that the
webhook itself keeps are none of these: whoever talks to the API server about them names them.
"""
FIELDS = {
    key
    for kind in BUILT_IN
    for root, _ in kind.rows
    for key in map(str, root)
    if key != key.lower()
}
"""Keys on the way to a kind's specs and items that are no plain words: ``replicatedJobs``."""
SAMPLES = {"webhook/review/self_test.py"}
"""Objects that a module makes up to be judged: input, no knowledge."""


def modules() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in find_modules() if HOME not in path.parents]


def read_literals(module: str) -> set[str]:
    """The texts of a module that are no docstrings, no such sentences after a value, and no names
    that it exports."""
    tree = ast.parse((ROOT / module).read_text())
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    exported = {
        id(text)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for text in ast.walk(node.value)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in said | exported
    }


@pytest.mark.parametrize("module", modules())
def test_no_other_module_names_a_kind(module: str) -> None:
    if module in SAMPLES:
        assert read_literals(module) & NAMES
        return
    assert read_literals(module) & (NAMES | FIELDS) == set()
