"""``mlgate lint --fix`` and ``--diff``: a run's fixes written into its files, or shown."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from linter.input.sources import SourceError, explain_error
from linter.input.stamps import Stamp, read_stamp
from linter.judging.run import lint
from linter.mending.fix import Recheck, decode_file, diff, fix_texts, write_file
from linter.mending.fixable import FixSelection, identify_finding
from linter.mending.mending import Outcome, Refusal
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.input.sources import Collection
    from linter.judging.task import Task
    from linter.row_types import FindingRow, RunResult


class FixRun(NamedTuple):
    """What a run judged: its files, and what standard input held by the name it goes by.

    ``stamps`` are those of the files before they were judged. ``roots`` are the paths that the user
    named: nothing outside of them is written.
    """

    task: "Task"
    collection: "Collection"
    texts: Mapping[str, bytes]
    stamps: Mapping[str, Stamp]
    jobs: int
    roots: tuple[Path, ...]


class FilesToMend(NamedTuple):
    """Files with their bytes and texts as they were judged; ``lost``: those that are not as they
    were, in which nothing can be done."""

    raw: dict[str, bytes]
    texts: dict[str, str]
    lost: dict[str, Outcome]


class FixedFiles(NamedTuple):
    """The files with their bytes as they were judged, and what fixing makes of their texts."""

    raw: dict[str, bytes]
    outcomes: dict[str, Outcome]

    @property
    def unwritten(self) -> bool:
        """Whether a file that fixes were made for could not be written."""
        return any(outcome.unwritten for outcome in self.outcomes.values())


def fix_files(run: FixRun, rows: "Iterable[FindingRow]", selection: FixSelection) -> FixedFiles:
    """Make the wanted fixes of ``rows`` in the files' texts. Nothing is written yet."""
    rows = list(rows)
    judged = read_files(run, filter(selection.wants, rows))
    fixed = fix_texts(judged.texts, rows, selection, make_recheck(run))
    return FixedFiles(judged.raw, {**judged.lost, **fixed})


def read_files(run: FixRun, rows: "Iterable[FindingRow]") -> FilesToMend:
    """The files in which ``rows`` were found, and what came on standard input."""
    by_file: dict[str, list[FindingRow]] = {file: [] for file in run.texts}
    for row in rows:
        by_file.setdefault(row["file"], []).append(row)
    judged = FilesToMend({}, {}, {})
    for file, found in by_file.items():
        try:
            judged.raw[file] = _read(run, file)
        except SourceError as error:
            refused = tuple(Refusal(row, str(error)) for row in found)
            judged.lost[file] = Outcome("", "", (), refused)
            continue
        judged.texts[file] = decode_file(judged.raw[file])[0]
    return judged


def make_recheck(run: FixRun) -> Recheck:
    """A judge of changed texts, with all other files as they are."""

    def judge(texts: Mapping[str, str]) -> "list[FindingRow]":
        sources = [one for one in run.collection.sources if one.path not in texts]
        # The other files are read again with them: a claim or a Service in one may decide on
        # another.
        given = {**run.texts, **{name: encode_text(text) for name, text in texts.items()}}
        collection = run.collection._replace(sources=sources)
        found = lint(run.task, collection, given.items(), jobs=run.jobs)["findings"]
        return [row for row in found if row["file"] in texts]

    return judge


def encode_text(text: str) -> bytes:
    """A text as the reader takes it."""
    return text.encode("utf-8")


def print_diffs(fixed: FixedFiles, out: TextIO, *, colour: bool) -> bool:
    """Write the unified diffs; whether there are any."""
    changed = False
    for file, outcome in sorted(fixed.outcomes.items()):
        for line in diff(file, outcome, colour=colour):
            out.write(line)
            changed = True
    return changed


def write_fixes(run: FixRun, fixed: FixedFiles, out: TextIO) -> FixedFiles:
    """Write the files, each whole or not at all; what came on standard input goes to ``out``."""
    outcomes = dict(fixed.outcomes)
    for file, outcome in fixed.outcomes.items():
        if file in run.texts:
            out.write(outcome.after)
        elif outcome.fixed:
            outcomes[file] = write_file(Path(file), fixed.raw[file], outcome, run.roots)
    return fixed._replace(outcomes=outcomes)


def encode_texts(run: FixRun, fixed: FixedFiles) -> dict[str, bytes]:
    """What came on standard input, as it is now."""
    return {name: encode_text(fixed.outcomes[name].after) for name in run.texts}


def list_fixed(fixed: FixedFiles) -> "list[FindingRow]":
    """The findings that were mended, as they were found."""
    return [row for _, outcome in sorted(fixed.outcomes.items()) for row in outcome.fixed]


def list_refusals(fixed: FixedFiles) -> list[Refusal]:
    """The fixes that were not made, and why."""
    return [one for _, outcome in sorted(fixed.outcomes.items()) for one in outcome.refused]


def relint(run: FixRun, fixed: FixedFiles) -> "RunResult":
    """The result of judging everything again, after the fixes; with what was fixed, and a word of
    those that could not be made."""
    texts = encode_texts(run, fixed)
    result = lint(run.task, run.collection, texts.items(), jobs=run.jobs)
    reasons = {identify_finding(one.row): one.reason for one in list_refusals(fixed)}
    rows = (_tell_refused(row, reasons) for row in result["findings"])
    return {**result, "findings": list(rows), "fixed": list_fixed(fixed)}


def _tell_refused(row: "FindingRow", reasons: "Mapping[tuple[str, int, str], str]") -> "FindingRow":
    reason = reasons.get(identify_finding(row))
    if row["fix"] and reason is not None:
        row["fix"]["refused"] = reason
    return row


def _read(run: FixRun, file: str) -> bytes:
    """What was judged. Raises SourceError for a file that has gone or changed since."""
    if file in run.texts:
        return run.texts[file]
    try:
        raw = Path(file).read_bytes()
    except OSError as error:
        raise SourceError(explain_error(error)) from None
    # Looked at last: what changes while it is read is told as well.
    if read_stamp(file) != run.stamps.get(file):
        raise SourceError("the file changed since it was judged")
    return raw
