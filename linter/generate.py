"""What is generated from the rules, the kinds and the command line: the index of the rules, the
policy's JSON Schema, pages on all three, and the manual for ``man``.

``python -m linter.generate`` writes them, with ``--check`` it only says which are out of date.
"""

import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module, reload
from pathlib import Path

from rules import checks, index, kinds
from rules.declaration import Declaration, declare
from rules.kinds import index as kinds_index
from rules.kinds.schema import Kind
from rules.type_names import Any

DOCS = Path("docs")
INDEX_FILE = Path("rules/index.py")
KINDS_INDEX_FILE = Path("rules/kinds/index.py")
_HEAD = '''"""What each rule declares of the objects it looks at: the fields of ``Declaration``.

Generated from the rules by `make generate`: do not edit.
"""

# fmt: off
ROWS: tuple[
    tuple[
        str, str, tuple[str, ...], str, bool, tuple[str, ...], tuple[str, ...] | None, bool, bool,
        str,
    ],
    ...,
] = (
'''


_KINDS_HEAD = '''"""What is told of each kind without its module: the fields of ``KindEntry``.

Generated from the kinds by `make generate`: do not edit.
"""

# fmt: off
KIND_ROWS: tuple[tuple[str, str, str, bool, tuple[str, ...]], ...] = (
'''


def kinds_index_text() -> str:
    """rules/kinds/index.py as it should be: a row for each kind that is judged everywhere."""
    return _KINDS_HEAD + "".join(f"    {_write(row)},\n" for row in _list_kinds()) + ")\n"


def _list_kinds() -> Iterator[tuple[Any, ...]]:
    """Kubernetes' own kinds come first."""
    names = sorted(one.name for one in pkgutil.iter_modules(kinds.__path__))
    for name in sorted(names, key=lambda one: one != "core"):
        found: tuple[Kind, ...] = getattr(import_module(f"rules.kinds.{name}"), "KINDS", ())
        for kind in () if found == kinds.IN_FILES else found:
            yield kind.group, kind.name, name, kind.namespaced, tuple(kind.facts)


def index_text() -> str:
    """rules/index.py as it should be: a row for each rule that stands below rules/checks."""
    found = sorted(_declare_all(), key=lambda one: one.code)
    return _HEAD + "".join(f"    {_write(one[:-1])},\n" for one in found) + ")\n"


def _declare_all() -> Iterator[Declaration]:
    root = f"{checks.__name__}."
    for module in pkgutil.walk_packages(checks.__path__, root):
        if not module.ispkg:
            yield declare(import_module(module.name).RULE, module.name.removeprefix(root))


def _write(value: Any) -> str:
    """A row, or what is in one, as Python has it."""
    if isinstance(value, tuple):
        inside = ", ".join(map(_write, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return f'"{value}"' if isinstance(value, str) else str(value)


def outputs() -> dict[Path, str]:
    """Every generated file with the text that it should have."""
    from linter.commands.kinds_page import make_page
    from linter.commands.manual import draw_man_page, draw_page
    from linter.commands.policy import SCHEMA_FILE, schema_text
    from linter.commands.rulebook import pages

    texts = {DOCS / name: text for name, text in pages().items()}
    texts[DOCS / "kinds.md"] = make_page()
    texts[DOCS / "command-line.md"] = draw_page()
    texts[Path("man/mlgate.1")] = draw_man_page()
    texts[Path(SCHEMA_FILE)] = schema_text()
    return texts


def stale() -> list[Path]:
    """The generated files that are missing, out of date, or of rules that are gone."""
    first = {KINDS_INDEX_FILE: kinds_index_text(), INDEX_FILE: index_text()}
    old = [path for path, text in first.items() if _differs(path, text)]
    if old:
        return old  # all others follow from them
    wanted = outputs()
    written = set((DOCS / "rules").glob("*.md"))
    changed = [path for path, text in wanted.items() if _differs(path, text)]
    return sorted([*changed, *(written - wanted.keys())])


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


def write_outputs() -> None:
    if _differs(KINDS_INDEX_FILE, text := kinds_index_text()):
        KINDS_INDEX_FILE.write_text(text, encoding="utf-8")
        reload(kinds_index)
        reload(kinds)
    if _differs(INDEX_FILE, text := index_text()):
        INDEX_FILE.write_text(text, encoding="utf-8")
        reload(index)
        reload(checks)
    for path in stale():
        path.unlink(missing_ok=True)
    for path, text in outputs().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        write_outputs()
        return 0
    old = stale()
    for path in old:
        sys.stderr.write(f"{path} is out of date: run `make generate`\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
