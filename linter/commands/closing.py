"""How a run ends: its reports, and the last lines for a person."""

import os
from types import SimpleNamespace

from linter.commands.outputs import (
    ReportRequest,
    speaks_to_people,
    wants_text_edits,
    write_reports,
)
from linter.judging.packed_rows import count_by, keep_rows
from linter.judging.rows import read_outcome, row_order
from linter.reports import ReportOptions, choose_colour, choose_links
from linter.reports.summary import render_statistics, render_summary
from rules.type_names import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from linter.row_types import RunResult

    class Judged(Protocol):
        """What a report needs to know of a run's input."""

        @property
        def policy(self) -> str: ...
        @property
        def reports(self) -> tuple[ReportRequest, ...]: ...
        def read_text(self, path: str) -> str: ...

    class JudgedTexts(Judged, Protocol):
        """The same with the bytes of the files, in which fixes are made."""

        def read_bytes(self, path: str) -> bytes: ...


def report_run(
    result: "RunResult",
    arguments: SimpleNamespace,
    judged: "JudgedTexts",
    out: TextIO,
    err: TextIO,
) -> None:
    """``finish_run`` after fixes have been told as changes of the text, where a report has them."""
    if arguments.text_edits or wants_text_edits(judged.reports):
        from linter.mending.fix import decode_file
        from linter.mending.text_edits import add_text_edits

        rows = add_text_edits(
            result["findings"], lambda path: decode_file(judged.read_bytes(path))[0]
        )
        result = {**result, "findings": keep_rows(rows, row_order)}
    finish_run(result, arguments, judged, out, err)


def finish_run(
    result: "RunResult", arguments: SimpleNamespace, judged: "Judged", out: TextIO, err: TextIO
) -> None:
    """Write the findings where they are wanted, and the coverage to ``err``."""
    options = ReportOptions(
        colour=colour_for(arguments, out),
        show_audit=arguments.show_audit,
        show_roles=arguments.show_roles,
        read_source=judged.read_text,
        policy=judged.policy,
        show_passed=getattr(arguments, "show_passed", False),
        links=arguments.color != "never" and choose_links(out, os.environ),
    )
    write_reports(result, judged.reports, options, out)
    if arguments.statistics:
        err.write(render_statistics(result, options))
    if speaks_to_people(judged.reports) and not arguments.quiet:
        err.write(render_summary(result, options._replace(colour=colour_for(arguments, err))))
        _tell_fixable(result, arguments, err)


def colour_for(arguments: SimpleNamespace, stream: TextIO) -> bool:
    """Whether ``stream`` gets colours: by ``--color``, else by what it is."""
    wanted = arguments.color
    return choose_colour(stream, os.environ) if wanted == "auto" else bool(wanted == "always")


def _tell_fixable(result: "RunResult", arguments: SimpleNamespace, err: TextIO) -> None:
    """The last line, where something can be fixed by the same command."""
    counts = count_by(result["findings"], read_outcome)
    if not hasattr(arguments, "fix") or not any(one.safety for one in counts):
        return
    from linter.mending.fixable import FixSelection, summarize_fixable

    line = summarize_fixable(counts, FixSelection(audit=arguments.show_audit))
    err.write(f"{line}\n" if line else "")
