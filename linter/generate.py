"""What is generated from the rules and the kinds: the policy's JSON Schema and pages on both.

``python -m linter.generate`` writes them, with ``--check`` it only says which are out of date.
"""

import sys
from pathlib import Path

from linter.commands.kinds_page import make_page
from linter.commands.policy import SCHEMA_FILE, schema_text
from linter.commands.rulebook import pages

DOCS = Path("docs")


def outputs() -> dict[Path, str]:
    """Every generated file with the text that it should have."""
    texts = {DOCS / name: text for name, text in pages().items()}
    texts[DOCS / "kinds.md"] = make_page()
    texts[Path(SCHEMA_FILE)] = schema_text()
    return texts


def stale() -> list[Path]:
    """The generated files that are missing, out of date, or of rules that are gone."""
    wanted = outputs()
    written = set((DOCS / "rules").glob("*.md"))
    changed = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    return sorted([*changed, *(written - wanted.keys())])


def write_outputs() -> None:
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
