"""Whether fixing does what it should to every manifest of a folder, and nothing else.

Usage: python -m bench.fixes [FOLDER [DIFFS]]; FOLDER holds manifests, ``examples`` unless given;
DIFFS is how many diffs to print. Nothing is written.
"""

import copy
import datetime
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonpatch

from linter.input.sources import Collection, Excludes, collect
from linter.judging.judge import Task
from linter.judging.run import lint
from linter.mending.fix import Judge, decode_file, diff, fix_texts
from linter.mending.fixable import FixSelection
from linter.mending.mending import Outcome, make_wish
from linter.row_types import FindingRow
from rules.checks import ALL
from rules.edits import json_patch, same
from rules.policy import DEFAULT
from rules.reader import Document, read

EVERYTHING = FixSelection(unsafe=True, audit=True)


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else "examples"
    shown = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    today = datetime.datetime.now(datetime.UTC).date()
    task = Task(DEFAULT, today, ALL, flag_profile="strict")
    collection = collect([folder], Excludes(str(Path.cwd())))
    before = lint(task, collection, jobs=1)["findings"]
    rows = [row for row in before if EVERYTHING.wants(row)]
    judge = make_judge(task, collection)
    texts = {
        name: decode_file(Path(name).read_bytes())[0] for name in {row["file"] for row in rows}
    }
    outcomes = fix_texts(texts, rows, EVERYTHING, judge)
    report(outcomes, rows)
    after = judge({file: outcome.after for file, outcome in outcomes.items()})
    compare(before, list(after), outcomes)
    changed = [(file, outcome) for file, outcome in sorted(outcomes.items()) if outcome.fixed]
    for file, outcome in changed[:: max(len(changed) // shown, 1)][:shown] if shown else ():
        print("".join(diff(file, outcome)))


def make_judge(task: Task, collection: Collection) -> Judge:
    def judge(texts: Mapping[str, str]) -> list[FindingRow]:
        sources = [source for source in collection.sources if source.path not in texts]
        given = [(name, text.encode()) for name, text in texts.items()]
        found = lint(task, collection._replace(sources=sources), given, jobs=1)["findings"]
        return [row for row in found if row["file"] in texts]

    return judge


def report(outcomes: Mapping[str, Outcome], rows: list[FindingRow]) -> None:
    made = sum(len(outcome.fixed) for outcome in outcomes.values())
    refused = [refusal for outcome in outcomes.values() for refusal in outcome.refused]
    print(f"fixable {len(rows)} in {len(outcomes)} files: fixed {made}, refused {len(refused)}")
    for reason, count in Counter(refusal.reason for refusal in refused).most_common():
        print(f"  {count} refused: {reason}")
    for safety, count in Counter(row["fix"]["safety"] for row in rows if row["fix"]).items():
        print(f"  {count} {safety}")
    edits = sum(map(count_edits, outcomes.values()))
    removed = added = 0
    for outcome in outcomes.values():
        for line in list(diff("", outcome))[2:]:
            removed += line.startswith("-")
            added += line.startswith("+")
    print(f"edits {edits}: {added} lines added, {removed} taken away")


def compare(
    before: list[FindingRow], after: list[FindingRow], outcomes: Mapping[str, Outcome]
) -> None:
    """The properties that must hold, with how often they do not."""
    known = {(row["file"], row["fingerprint"]) for row in before}
    gained = [row for row in after if (row["file"], row["fingerprint"]) not in known]
    refused = sum(len(outcome.refused) for outcome in outcomes.values())
    left = sum(EVERYTHING.wants(row) for row in after) - refused
    print(f"left to fix {left}, findings gained {len(gained)}")
    for row in gained:
        print(f"  {row['file']}: {row['rule']} {row['message']}")
    lost = [file for file, one in outcomes.items() if comments(one.before) - comments(one.after)]
    print(f"files that lost a comment {len(lost)} {lost}")
    unlike = [file for file, outcome in outcomes.items() if not patched(outcome)]
    print(f"files whose patch reads otherwise {len(unlike)} {unlike}")
    bloated = [file for file, outcome in outcomes.items() if excess(outcome) > 0]
    print(f"files with a line changed that no edit names {len(bloated)} {bloated}")


def comments(text: str) -> "Counter[str]":
    return Counter(line.partition("#")[2] for line in text.splitlines() if "#" in line)


def excess(outcome: Outcome) -> int:
    """Lines taken away beyond one for each edit that replaces something."""
    lost = Counter(outcome.before.splitlines()) - Counter(outcome.after.splitlines())
    return lost.total() - count_edits(outcome)


def count_edits(outcome: Outcome) -> int:
    return sum(len(row["fix"]["edits"]) for row in outcome.fixed if row["fix"])


def patched(outcome: Outcome) -> bool:
    """Whether the JSON Patches of the edits give what the fixed text reads as."""
    if any(row["embedded"] for row in outcome.fixed):
        return True
    values: dict[int, Any] = {}
    for document in documents(outcome.before):
        value = document.value
        for row in outcome.fixed:
            if row["document"] == document.number:
                edits = make_wish(document, row).edits
                value = jsonpatch.apply_patch(copy.deepcopy(value), json_patch(value, edits))
        values[document.number] = value
    return all(same(values[found.number], found.value) for found in documents(outcome.after))


def documents(text: str) -> Iterator[Document]:
    return (document for document in read(text) if isinstance(document, Document))


if __name__ == "__main__":
    main()
