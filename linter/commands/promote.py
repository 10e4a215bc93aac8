"""``mlgate promote``: which rules may go from audit to warn to deny, by what a scan has found."""

import argparse
import os
from types import SimpleNamespace

from linter.errors import UserError
from linter.judging.settings import parse_policy_text, settle_policy
from linter.reports.json import dump_safely
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.scanning.evidence import Evidence
    from linter.scanning.promotion import Ladder, Proposal
    from rules.policy import Policy

PROMOTE_EXAMPLES = """\
examples:
  mlgate scan --format json -o scan.json --exit-zero
  mlgate promote scan.json                            # what may go a step up, and what not yet
  mlgate promote scan.json --metrics http://127.0.0.1:9402/metrics
  mlgate promote scan.json --write                    # those steps in mlgate.yaml
  mlgate promote scan.json -n research --write        # in one namespace alone"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate promote``."""
    parser.epilog = PROMOTE_EXAMPLES
    add = parser.add_argument
    add("scan", metavar="SCAN.json", help="the JSON report of `mlgate scan`")
    add("--policy", metavar="FILE", help="the policy file (default: the nearest mlgate.yaml)")
    add(
        "--towards",
        choices=("standard", "strict"),
        default="standard",
        help="raise no rule beyond its action in this profile (default: standard)",
    )
    add("-n", "--namespace", metavar="NS", help="in this namespace only")
    add(
        "--max-denied",
        type=_read_count,
        default=0,
        metavar="N",
        help="let a rule deny if at most N objects would be denied (default: 0)",
    )
    add(
        "--metrics",
        action="append",
        default=[],
        metavar="FILE|URL",
        help="metrics of the webhook, whose findings count too; repeat for each replica",
    )
    add(
        "--owner-label",
        default="team",
        metavar="KEY",
        help="the label that names the owner, on objects or Namespaces (default: team)",
    )
    add("--write", action="store_true", help="write the suggested steps to the policy file")
    add("--show-all", action="store_true", help="list rules without any findings, too")
    add("--format", choices=("text", "json"), default="text", help="the output format")


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Promote. Raises UserError for a wrong flag, report or policy."""
    from linter.scanning.evidence import read_evidence
    from linter.scanning.promotion import Ladder, propose
    from linter.scanning.review_counts import count_reviews
    from rules.checks import ALL

    policy, file = settle_policy(arguments.policy, os.curdir)
    evidence = read_evidence(arguments.scan, arguments.owner_label)
    _check_namespace(arguments.namespace, evidence, write=arguments.write)
    reviews = count_reviews(arguments.metrics)
    ladder = Ladder(arguments.towards, arguments.max_denied, arguments.namespace, reviews)
    proposals = list(propose(policy, evidence, ladder, ALL))
    if arguments.format == "json":
        out.write(dump_safely([_export(one) for one in proposals]))
    else:
        from linter.scanning.proposals_page import render_proposals

        out.write(render_proposals(proposals, evidence, ladder, show_all=arguments.show_all))
    if arguments.write:
        told = _write_steps(file, policy, evidence, ladder, proposals)
        (err if arguments.format == "json" else out).write(told)
    return 0


def _check_namespace(namespace: str | None, evidence: "Evidence", *, write: bool) -> None:
    if namespace is not None and namespace not in evidence.namespaces:
        known = ", ".join(name for name in evidence.namespaces if name)
        raise UserError(
            f"mlgate promote: nothing was scanned in namespace {namespace}; there are {known}"
        )
    if namespace is None and evidence.narrowed and write:
        raise UserError(
            "mlgate promote: the scan saw some namespaces alone, and `rules` hold everywhere: give "
            "-n, or scan the whole cluster"
        )


def _write_steps(
    file: str | None,
    policy: "Policy",
    evidence: "Evidence",
    ladder: "Ladder",
    proposals: "list[Proposal]",
) -> str:
    """Write what may go up, and say so. Raises UserError, and leaves the file as it was, where the
    policy would not come to just that."""
    from linter.scanning.policy_edit import edit_actions
    from linter.scanning.promotion import find_difference, raise_actions, shorten_actions
    from rules.checks import ALL

    if file is None:
        raise UserError(
            "mlgate promote: --write needs a policy file: `mlgate policy init` drafts one, or give "
            "--policy"
        )
    actions = {one.key: one.after for one in proposals if one.may}
    if not actions:
        return f"{file}: nothing to write\n"
    # Read again, byte by byte: what is written must differ in those lines alone.
    original = _read(file)
    short = shorten_actions(policy, actions, ALL, ladder.namespace)
    text = edit_actions(original.decode(), short, ladder.namespace)
    wanted = raise_actions(policy, actions, ladder.namespace)
    wrong = find_difference(policy, wanted, parse_policy_text(file, text), evidence, ALL)
    if wrong:
        raise UserError(
            f"mlgate promote: {file} is left as it is: {wrong}. What else the policy says decides "
            "there (an entry of `namespaces`, a label, `extends`): edit it by hand"
        )
    _replace(file, original, text.encode())
    return f"{file}: {len(actions):,} form{'s'[: len(actions) != 1]} go a step up\n"


def _read(file: str) -> bytes:
    with open(file, "rb") as content:
        return content.read()


def _replace(file: str, original: bytes, new: bytes) -> None:
    from pathlib import Path

    from linter.mending.atomic_write import NotWritten, replace_file

    try:
        replace_file(Path(file), original, new, [Path(file).parent])
    except NotWritten as error:
        raise UserError(f"mlgate promote: {file} is left as it is: {error}") from None


def _export(one: "Proposal") -> dict[str, object]:
    return {
        "form": one.key,
        "name": one.rule.name,
        "before": str(one.before),
        "after": str(one.after),
        "may": one.may,
        "objects": one.objects,
        "found": len(one.hits),
        "namespaces": dict(one.by_namespace),
        "owners": dict(one.by_owner),
        "reviews": sum(one.reviews.values()),
        "review_namespaces": dict(one.reviews),
        "files": [hit.file for hit in one.hits],
    }


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a number, found {text}")
    return int(text)
