"""One public name, one meaning: a reader who meets a name in one module knows it in the next."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch

from tests.packages import ROOT, find_modules

ROLES = {
    "CONTRACTS": "rules/kinds/contracts/*",
    "KINDS": "rules/kinds/*",
    "RULE": "rules/checks/*",
    "check": "rules/checks/*",
    "add_arguments": "*/commands/*",
    "run": "*/commands/*",
    "render": "linter/reports/*",
    "add_keys": "linter/mending/splice/*",
    "append_items": "linter/mending/splice/*",
}
"""Names that every module of a family has, and what modules these are."""

SHARED = {"main", "USAGE_ERROR", "CRASHED", "UNREADABLE"}
"""Names that mean the same in both fronts, which do not import each other: exit codes above all."""

FOR_OTHERS = {"Action", "Finding", "lint"}
"""Names that mlgate/ gives those who import it, of what has the same name inside."""

STILL_DOUBLE = {
    "compose",
    "refuse",
}
"""Names that still mean different things: the list may only shrink."""


def names_of(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module defines, imports aside."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (
                node.id
                for target in targets
                for node in ast.walk(target)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.If(body=body) | ast.Try(body=body):
            for inner in body:
                yield from names_of(inner)


def public_names() -> dict[str, set[str]]:
    """For each public name the modules that define it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in find_modules():
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            for name in names_of(statement):
                if not name.startswith("_"):
                    found[name].add(path.relative_to(ROOT).as_posix())
    return found


def is_role(name: str, modules: set[str]) -> bool:
    return name in SHARED | FOR_OTHERS or (
        name in ROLES and all(fnmatch(module, ROLES[name]) for module in modules)
    )


def test_no_two_modules_give_a_name_two_meanings() -> None:
    double = {name: modules for name, modules in public_names().items() if len(modules) > 1}
    wrong = {name: modules for name, modules in double.items() if not is_role(name, modules)}
    assert {name: wrong[name] for name in wrong.keys() - STILL_DOUBLE} == {}
    assert wrong.keys() >= STILL_DOUBLE, "a name that is single again is listed as double"


def test_every_role_is_one_that_several_modules_have() -> None:
    names = public_names()
    assert [name for name in (*ROLES, *SHARED, *FOR_OTHERS) if len(names[name]) < 2] == []
