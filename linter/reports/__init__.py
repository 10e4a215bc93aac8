"""Reports: what a run found, for a person, an editor or a program.

Each format is a module with ``render(result, options)``, which yields the text in pieces; the
result's rows are in order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RunResult
    from rules.model import Rule

_HIDDEN = frozenset({"audit", "excepted"})
_WEIGHT = {"deny": 0, "warn": 1, "audit": 2, "excepted": 3}

_VTE_WITH_LINKS = 5000
_PROGRAMS_WITH_LINKS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio"})
_MARKS_OF_LINKS = (
    "WT_SESSION",
    "KITTY_WINDOW_ID",
    "KONSOLE_VERSION",
    "DOMTERM",
    "ALACRITTY_SOCKET",
)
"""How terminals that show links (OSC 8) are known by their environment."""


class ReportOptions(NamedTuple):
    """What a report needs beside the result.

    ``read_source`` gives the text of a file of the report, and raises OSError where it cannot.
    ``policy`` names the policy in force, ``links`` asks for what a terminal opens on a click.
    """

    colour: bool
    show_audit: bool
    show_roles: bool
    read_source: Callable[[str], str]
    policy: str = "built-in"
    show_passed: bool = False
    links: bool = False


def choose_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to write colours to ``stream``: never with NO_COLOR, always with FORCE_COLOR (0 is
    never), else on a terminal that has them. An empty variable counts as not set."""
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR")
    if forced:
        return forced != "0"
    return stream.isatty() and environ.get("TERM") != "dumb"


def choose_links(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to write links to ``stream``: on a terminal that is known to show them, or where
    FORCE_HYPERLINK says so (0 is never)."""
    forced = environ.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    if not stream.isatty() or environ.get("TERM") == "dumb":
        return False
    vte = environ.get("VTE_VERSION", "")
    return (
        (vte.isdigit() and int(vte) >= _VTE_WITH_LINKS)
        or environ.get("TERM_PROGRAM") in _PROGRAMS_WITH_LINKS
        or any(environ.get(name) for name in _MARKS_OF_LINKS)
    )


def select_shown(result: "RunResult", options: ReportOptions) -> "Iterator[FindingRow]":
    """The findings for a person to see: what is only audited, or excepted, on request."""
    for finding in result["findings"]:
        if options.show_audit or finding["action"] not in _HIDDEN:
            yield finding


def weigh_row(row: "FindingRow") -> int:
    """The place of a finding among others: what denies comes first."""
    return _WEIGHT.get(row["action"], len(_WEIGHT))


def select_errors(result: "RunResult") -> "list[ErrorRow]":
    """The errors that are not a finding (MLG001) too."""
    if not result["errors"]:
        return []
    # A document that cannot be read is both: people need to read of it once.
    broken = {_place(finding) for finding in result["findings"] if finding["rule"] == "MLG001"}
    return [error for error in result["errors"] if _place(error) not in broken]


def load_met_rules(rows: "Iterable[FindingRow]") -> "dict[str, Rule]":
    """The rules that the findings are of, by code and in its order; no others are imported."""
    from rules.checks import load_rule

    return {code: load_rule(code) for code in sorted({row["rule"] for row in rows})}


def read_page(rule: "Rule") -> str:
    """A rule's docstring below its first line: Markdown."""
    return rule.docs.strip().partition("\n")[2].strip()


def _place(row: "FindingRow | ErrorRow") -> tuple[str, int | None, int | None, int | None]:
    return row["file"], row["document"], row["line"], row["column"]
