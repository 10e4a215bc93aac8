"""The reports of a run: several at once, each in its format, to standard output or a file."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from linter.errors import UserError
from linter.reports import ReportOptions
from rules import import_module
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.option_table import OptionGroup
    from linter.row_types import RunResult

FORMATS = (
    "text",
    "concise",
    "grouped",
    "json",
    "sarif",
    "junit",
    "github",
    "gitlab",
    "markdown",
    "rdjson",
    "csv",
    "html",
)
"""Names of modules in ``linter.reports``."""

_WITH_TEXT_EDITS = frozenset({"sarif", "rdjson", "html"})
_FOR_PEOPLE = frozenset({"text", "concise", "grouped", "github"})


class ReportRequest(NamedTuple):
    """A report that is wanted: its format, and the file that it goes to, None for standard
    output."""

    format: str
    file: str | None = None


def add_output_arguments(parser: "OptionGroup") -> None:
    """``--format`` and ``--output``, which may be given several times: in their order they are
    ``arguments.reports``, for ``choose_reports``."""
    parser.add_argument(
        "--format",
        action="append",
        type=_read_format,
        metavar="FORMAT",
        dest="reports",
        default=[],
        help=f"the report's format: {', '.join(FORMATS)} (default: text); repeatable",
    )
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        type=_read_output,
        metavar="FILE",
        dest="reports",
        help="write the report of the preceding --format to FILE instead of standard output",
    )


def _read_format(text: str) -> ReportRequest:
    if text not in FORMATS:
        from argparse import ArgumentTypeError

        from rules.wording import suggestion

        raise ArgumentTypeError(
            f"no format {text}{suggestion(text, FORMATS)}; there are {', '.join(FORMATS)}"
        )
    return ReportRequest(text)


def _read_output(file: str) -> str:
    return file


def _pair(words: Sequence[ReportRequest | str]) -> list[ReportRequest]:
    """Each ``--output`` belongs to the ``--format`` before it; the first of all may come before."""
    words = list(words)
    if len(words) > 1 and isinstance(words[0], str) and not isinstance(words[1], str):
        # `-o FILE --format FORMAT` is how many write it.
        words[:2] = words[1], words[0]
    reports: list[ReportRequest] = []
    for word in words:
        if isinstance(word, ReportRequest):
            reports.append(word)
        elif not reports:
            reports.append(ReportRequest("text", word))
        elif reports[-1].file is None:
            reports[-1] = reports[-1]._replace(file=word)
        else:
            raise UserError(
                f"mlgate: --output {word} has no --format of its own: give --format FORMAT "
                f"--output {word}"
            )
    return reports


def choose_reports(
    words: Sequence[ReportRequest | str], environ: Mapping[str, str]
) -> list[ReportRequest]:
    """The reports that ``--format`` and ``--output`` ask for, in their order. Without either it is
    the text; in GitHub Actions, annotations and the step's summary with it.

    Raises UserError where two would mix on standard output or in a file.
    """
    wanted = _pair(words)
    if not wanted:
        return [ReportRequest("text"), *_choose_for_actions(environ)]
    printed = [one.format for one in wanted if one.file is None]
    if len(printed) > 1:
        raise UserError(
            f"mlgate: {' and '.join(printed)} would mix on standard output: give --output "
            "after all but one --format"
        )
    files = [os.path.abspath(one.file) for one in wanted if one.file is not None]
    for file in files:
        if files.count(file) > 1:
            raise UserError(f"mlgate: two reports would be written to {file}")
    for one in wanted:
        if one.file is not None:
            check_folder(one.file)
    return wanted


def check_folder(file: str) -> None:
    """Raises UserError where ``file`` could not be written when all is judged: a mistyped folder
    would cost the run."""
    folder = os.path.dirname(file) or os.curdir
    if not os.path.isdir(folder):
        raise UserError(f"mlgate: cannot write {file}: there is no folder {folder}")


def _choose_for_actions(environ: Mapping[str, str]) -> list[ReportRequest]:
    if environ.get("GITHUB_ACTIONS") != "true":
        return []
    summary = environ.get("GITHUB_STEP_SUMMARY")
    reports = [ReportRequest("github")]
    return [*reports, ReportRequest("markdown", summary)] if summary else reports


def wants_text_edits(reports: Sequence[ReportRequest]) -> bool:
    """Whether one of the formats shows the text edits of fixes."""
    return any(one.format in _WITH_TEXT_EDITS for one in reports)


def speaks_to_people(reports: Sequence[ReportRequest]) -> bool:
    """Whether the last lines are wanted: not where a program reads the only report."""
    return any(one.file is not None or one.format in _FOR_PEOPLE for one in reports)


def write_reports(
    result: "RunResult", reports: Sequence[ReportRequest], options: ReportOptions, out: TextIO
) -> None:
    """Render each report and put it where it belongs. Raises UserError."""
    for one in reports:
        module = import_module(f"linter.reports.{one.format}")
        # Colours and links are a terminal's: no file has them, whatever standard output is.
        plain = options if one.file is None else options._replace(colour=False, links=False)
        if one.file is None:
            out.writelines(module.render(result, plain))
            out.flush()
        else:
            _write(one.file, partial(module.render, result, plain))


def _write(path: str, render: Callable[[], Iterator[str]]) -> None:
    from linter.whole_file import write_pieces

    try:
        # GitHub's summary of a step is one file for everything that runs in it.
        if path == os.environ.get("GITHUB_STEP_SUMMARY"):
            with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(render())
        else:
            write_pieces(path, render)
    except OSError as error:
        raise UserError(f"mlgate: cannot write {path}: {error.strerror}") from None
