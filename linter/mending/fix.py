"""``--fix``: the wanted fixes of a run's findings made in the files' texts, and the files written.

Findings come as rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from linter.mending.atomic_write import NotWritten, Unwritable, replace_file
from linter.mending.fixable import FixSelection, identify_finding
from linter.mending.mending import Outcome, fix_once, refuse_all
from rules.credentials import hide
from rules.type_names import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from linter.row_types import FindingRow

Recheck: TypeAlias = Callable[[Mapping[str, str]], "Iterable[FindingRow]"]
"""Changed texts by file -> the findings of those files, judged with all others as they are."""

ROUNDS = 5
"""How often a text is judged again for fixes that others made possible."""


def fix_texts(
    texts: Mapping[str, str], rows: "Iterable[FindingRow]", selection: FixSelection, judge: Recheck
) -> dict[str, Outcome]:
    """The files of ``texts`` (name and text) with the wanted fixes of ``rows`` made, until there
    are none left. ``judge`` gives the findings of changed texts. A text that would be fixed again
    and again, or does not read as the edits say, stays as it was.
    """
    outcomes = {file: Outcome(text, text) for file, text in texts.items()}
    for _ in range(ROUNDS):
        wanted = _wanted(outcomes, rows, selection)
        if not wanted:
            return outcomes
        changed: dict[str, str] = {}
        for file, group in wanted.items():
            once = fix_once(outcomes[file].after, group)
            if once.after != once.before:
                changed[file] = once.after
            outcomes[file] = _add(outcomes[file], once)
        # What one fix writes may be what another rule looks at.
        rows = judge(changed) if changed else ()
    for file in _wanted(outcomes, rows, selection):
        outcomes[file] = refuse_all(outcomes[file], "the fixed text would be fixed again and again")
    return outcomes


def _wanted(
    outcomes: Mapping[str, Outcome], rows: "Iterable[FindingRow]", selection: FixSelection
) -> "dict[str, list[FindingRow]]":
    """By file, the rows to fix that were not refused before."""
    refused = {
        identify_finding(refusal.row)
        for outcome in outcomes.values()
        for refusal in outcome.refused
    }
    wanted: dict[str, list[FindingRow]] = {}
    for row in rows:
        if (
            row["file"] in outcomes
            and selection.wants(row)
            and identify_finding(row) not in refused
        ):
            wanted.setdefault(row["file"], []).append(row)
    return wanted


def _add(first: Outcome, then: Outcome) -> Outcome:
    return Outcome(first.before, then.after, first.fixed + then.fixed, first.refused + then.refused)


def write_file(path: Path, original: bytes, outcome: Outcome, roots: Iterable[Path]) -> Outcome:
    """Put the outcome's text into the file, which held ``original`` when it was judged.

    ``roots`` are the paths that the user named. Where the file cannot be replaced, all its fixes
    are refused with the reason.
    """
    if outcome.after == outcome.before:
        return outcome
    _, encode = decode_file(original)
    try:
        replace_file(path, original, encode(outcome.after), roots)
    except NotWritten as error:
        return refuse_all(outcome, str(error))._replace(unwritten=isinstance(error, Unwritable))
    return outcome


def decode_file(raw: bytes) -> tuple[str, Callable[[str], bytes]]:
    """The text of a file that was read before without an error, byte order mark and all, and how
    to make bytes of it again."""
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(raw[:2], "utf-8")
    return raw.decode(encoding), lambda text: text.encode(encoding)


def diff(name: str, outcome: Outcome, *, colour: bool = False) -> Iterator[str]:
    """The lines of a unified diff of what the fixes change; none where they change nothing.

    Credentials are hidden: such a diff can be read, and not applied.
    """
    import difflib

    # Paths of a diff are relative, as `git apply` and `patch -p1` want them.
    name = name.lstrip("/")
    lines = difflib.unified_diff(
        _lines(hide(outcome.before)), _lines(hide(outcome.after)), f"a/{name}", f"b/{name}"
    )
    for line in lines:
        yield _paint(line) if colour else line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _paint(line: str) -> str:
    codes = {"+++": "1", "---": "1", "@@ ": "36"}
    code = codes.get(line[:3]) or {"+": "32", "-": "31"}.get(line[:1])
    body = line.rstrip("\r\n")
    return f"\033[{code}m{body}\033[0m{line[len(body) :]}" if code else line


def _lines(text: str) -> list[str]:
    """Lines as ``diff`` counts them: nothing but a line feed ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
