"""The manual: every subcommand with its arguments, as a page of docs/ and for ``man``."""

import argparse
from collections.abc import Iterator

from linter.subcommands import SUBCOMMANDS, make_parser
from rules import VERSION
from rules.record import NamedTuple

EXIT_CODES = (
    ("0", "nothing at or above --fail-on"),
    ("1", "findings at or above it"),
    ("2", "wrong usage or policy, or output that cannot be written"),
    ("3", "a rule crashed"),
    ("4", "some input could not be read"),
    ("5", "there was nothing to check"),
)
_ABOUT = """\
mlgate finds what is wrong in manifests of machine-learning workloads on Kubernetes: in files, in a
cluster, and as an admission webhook."""
_IN_PAGE = """\
`mlgate COMMAND --help` prints the same of one command, and `man mlgate` this page, where mlgate was
installed with its manual."""
_ENVIRONMENT = """\
Each option of `mlgate lint` that takes a value can be set in the environment, as in
MLGATE_FAIL_ON=deny."""
_PLAIN = ("options", "positional arguments")
"""Groups that argparse makes by itself."""


class ManualEntry(NamedTuple):
    """An argument: how it is written, what it does, and the group that help shows it in."""

    usage: str
    text: str
    group: str


class ManualSection(NamedTuple):
    """A command, with its subcommands one after the other."""

    title: str
    text: str
    entries: tuple[ManualEntry, ...]
    examples: str = ""


def list_sections() -> Iterator[ManualSection]:
    """All of them. Raises ImportError where an extra is not installed."""
    for name, one in SUBCOMMANDS.items():
        yield from _describe(make_parser(name), one.summary)


def _describe(parser: argparse.ArgumentParser, summary: str) -> Iterator[ManualSection]:
    entries, below = [], []
    for group in parser._action_groups:  # noqa: SLF001 - argparse tells of them nowhere else
        for action in group._group_actions:  # noqa: SLF001
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
                helps = {one.dest: one.help or "" for one in action._choices_actions}  # noqa: SLF001
                below += [(one, helps[name]) for name, one in action.choices.items()]
            elif not isinstance(action, argparse._HelpAction) and (  # noqa: SLF001
                action.help != argparse.SUPPRESS
            ):
                entries.append(_tell_argument(parser, action, group.title or ""))
    text = parser.description or f"{summary[:1].upper()}{summary[1:]}."
    yield ManualSection(parser.prog, text, tuple(entries), parser.epilog or "")
    for one, about in below:
        yield from _describe(one, about)


def _tell_argument(
    parser: argparse.ArgumentParser, action: argparse.Action, group: str
) -> ManualEntry:
    value = action.metavar or (action.dest.upper() if action.nargs is None else "")
    if action.choices:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    value = str(value)
    if not action.option_strings:
        usage = value or action.dest
    else:
        takes = f" {value}" if action.nargs is None else ""
        usage = ", ".join(action.option_strings) + takes
    expanded = parser._get_formatter()._expand_help(action) if action.help else ""  # noqa: SLF001
    return ManualEntry(usage, expanded, "" if group in _PLAIN else group)


def draw_page() -> str:
    """docs/command-line.md."""
    lines = [
        "<!-- Generated from the command's own arguments by `make generate`: do not edit. -->",
        "# The command line",
        "",
        f"{_ABOUT} {_IN_PAGE}\n\n{_ENVIRONMENT}",
    ]
    for one in list_sections():
        lines += ["", f"{'##' if one.title.count(' ') == 1 else '###'} {one.title}", "", one.text]
        lines += _draw_entries(one)
        if one.examples:
            lines += ["", "```text", one.examples, "```"]
    lines += ["", "## Exit codes", "", "| code | meaning |", "| --- | --- |"]
    lines += [f"| {code} | {text} |" for code, text in EXIT_CODES]
    return "\n".join(lines) + "\n"


def _draw_entries(section: ManualSection) -> Iterator[str]:
    group = None
    for one in section.entries:
        if one.group != group:
            yield ""
            if one.group:
                yield f"**{one.group[:1].upper()}{one.group[1:]}**"
                yield ""
            yield "| argument | |"
            yield "| --- | --- |"
            group = one.group
        usage, text = (part.replace("|", "\\|") for part in (one.usage, one.text))
        yield f"| `{usage}` | {text.replace('*', chr(92) + '*')} |"


def draw_man_page() -> str:
    """The manual for ``man``, in roff."""
    lines = [
        ".\\\" Generated from the command's own arguments by `make generate`: do not edit.",
        f'.TH MLGATE 1 "" "mlgate {VERSION}" "User Commands"',
        ".SH NAME",
        "mlgate \\- policy linter and admission webhook for machine-learning workloads",
        ".SH SYNOPSIS",
        ".B mlgate",
        ".I COMMAND",
        "[argument ...]",
        ".SH DESCRIPTION",
        _quote_roff(_ABOUT),
        _quote_roff(_ENVIRONMENT.replace("`", "")),
    ]
    for one in list_sections():
        lines += [f".SH {_quote_roff(one.title).upper()}", _quote_roff(one.text)]
        lines += _draw_in_roff(one)
    lines.append(".SH EXIT STATUS")
    for code, text in EXIT_CODES:
        lines += [".TP", f".B {code}", _quote_roff(text)]
    return "\n".join(lines) + "\n"


def _draw_in_roff(section: ManualSection) -> Iterator[str]:
    group = ""
    for one in section.entries:
        if one.group != group:
            yield f".SS {_quote_roff(one.group)}"
            group = one.group
        yield from (".TP", f".B {_quote_roff(one.usage)}", _quote_roff(one.text))
    if section.examples:
        yield from (".PP", ".nf", *map(_quote_roff, section.examples.splitlines()), ".fi")


def _quote_roff(text: str) -> str:
    """Text that roff prints as it is: a dash is a minus sign, and no line is a request."""
    quoted = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{quoted}" if quoted.startswith((".", "'")) else quoted
