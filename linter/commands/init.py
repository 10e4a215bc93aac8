"""``mlgate init``: a first policy, hooks and a step of CI, after a look at the repository."""

import argparse
import os
from types import SimpleNamespace

from linter.commands.first_files import BASELINE_NAME, SOMEWHERE, FirstFile, plan_files
from linter.errors import UserError
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.row_types import RunResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate init``."""
    parser.description = (
        "Looks at the repository's manifests, shows the files that it would write (a policy,\n"
        "pre-commit hooks, a step for GitHub or GitLab) and writes them if you agree.\n"
        "Existing files are never overwritten."
    )
    parser.add_argument("--yes", action="store_true", help="write the files without asking")
    parser.add_argument(
        "--baseline",
        action="store_true",
        help=f"record today's findings in {BASELINE_NAME}, so that only new ones count",
    )


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0; 2 where nobody can be asked; with ``--baseline`` that of the run that lists the
    findings. Raises UserError."""
    from linter.commands.policy_draft import draft_policy, judge_profiles

    root = _find_place()
    runs = judge_profiles([os.curdir])
    policy = draft_policy([os.curdir], runs)
    files = plan_files(root, policy, baseline=arguments.baseline)
    missing = [one for one in files if not os.path.lexists(one.name)]
    lists = arguments.baseline and not os.path.lexists(BASELINE_NAME)
    out.writelines(_show(one, missing=one in missing) for one in files)
    out.write(_tell_findings(runs["standard"], lists=lists))
    out.flush()
    if not missing and not lists:
        err.write("mlgate: nothing to write\n")
        return 0
    if not arguments.yes and not _confirm(arguments.stdin, err):
        return 0
    for one in missing:
        _write(one, err)
    if any(SOMEWHERE in one.text for one in missing):
        err.write(f"mlgate: replace {SOMEWHERE} with the address of mlgate's repository\n")
    return _list_findings(arguments, out, err) if lists else 0


def _find_place() -> str:
    """The working directory, which is the repository's root, or in none."""
    from linter.input.repository import find_root

    here = os.getcwd()
    root = find_root(here)
    if root not in (None, here):
        raise UserError(f"mlgate init: run it in {root}, the root of the repository")
    return here


def _show(one: FirstFile, *, missing: bool) -> str:
    """A file as it would be written, or what to do with the one that is there."""
    if missing:
        head = f"{one.name}: {one.purpose}"
    else:
        head = f"{one.name} exists already: {one.advice}"
        if not one.advice.startswith("add"):
            return f"{head}\n\n"
    body = "".join(f"  {line}".rstrip() + "\n" for line in one.text.splitlines())
    return f"{head}\n\n{body}\n"


def _tell_findings(result: "RunResult", *, lists: bool) -> str:
    from linter.judging.comparison import count_actions
    from linter.reports.summary import count

    counts = count_actions(result["findings"])
    told = f"{count(counts['deny'], 'denial')}, {count(counts['warn'], 'warning')}"
    files = count(result["coverage"]["files"], "file")
    if not counts["deny"] + counts["warn"]:
        return f"No findings today, in {files}.\n"
    if lists:
        return f"{BASELINE_NAME}: today's findings ({told}, in {files})\n"
    advice = "" if os.path.exists(BASELINE_NAME) else "; with --baseline only new findings fail"
    return f"Today's findings, in {files}: {told}{advice}.\n"


def _confirm(stdin: TextIO, err: TextIO) -> bool:
    """Whether the user agrees. Raises UserError if there is no terminal to ask on."""
    if not stdin.isatty():
        raise UserError("mlgate init: nothing written: there is no terminal to ask; use --yes")
    err.write("Write these files? [y/N] ")
    err.flush()
    if stdin.readline().strip().lower() in ("y", "yes"):
        return True
    err.write("mlgate: nothing written\n")
    return False


def _write(one: FirstFile, err: TextIO) -> None:
    try:
        os.makedirs(os.path.dirname(one.name) or os.curdir, exist_ok=True)
        with open(one.name, "x", encoding="utf-8") as file:
            file.write(one.text)
    except OSError as error:
        raise UserError(f"mlgate init: cannot write {one.name}: {error.strerror}") from None
    err.write(f"mlgate: wrote {one.name}\n")


def _list_findings(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Write the baseline, as ``mlgate lint`` does by the policy that holds now."""
    from linter.subcommands import load_subcommand, read_arguments

    words = ["--write-baseline", BASELINE_NAME]
    given = read_arguments("lint", words, {}, arguments.stdin)
    code: int = load_subcommand("lint").run(given, out, err)
    return code
