"""What rules cost when there are many: the CPU time of judging an object, as ratios of one run.

Usage: python -m bench.judging [FOLDER]; FOLDER holds manifests, ``examples`` unless given. Reading
texts is not counted. First what an object takes by the rules there are, by none of them (its role
alone is read then), and by ``RULES`` copies; then what each rule takes of that.
"""

import datetime
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.copies import RULES, copy_rules
from bench.reading import load
from bench.targets import tell
from bench.timing import fastest
from rules.checks import ALL
from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.model import Problem, Rule
from rules.policy import Policy
from rules.reader import Document, read
from rules.workload import TRAINING
from tests.load.sized_reviews import make_job

ROUNDS, REVIEWS, DEAREST = 3, 200, 12
MOST_OF_ALL = 60.0
"""Microseconds that all rules together may add to an object."""
TODAY = datetime.date(2026, 6, 1)
JUDGING = tuple(rule for rule in ALL if rule.check is not None)
SILENT = (JUDGING[0]._replace(check=lambda *_: iter(()), reads=("pods",), roles=TRAINING),)
"""A rule that hangs on a role, and finds nothing."""


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples")
    bodies = [body for text in load(folder) for body in read_objects(text)]
    review = json.loads(make_job(1, 19))["request"]["object"]
    sets = {"none": SILENT, "all": ALL, "copies": tuple(copy_rules(RULES))}
    for what, objects in (("a review", [review] * REVIEWS), (f"of {len(bodies)}", bodies)):
        times = fastest({name: partial(judge, one, objects) for name, one in sets.items()}, ROUNDS)
        none, every, copies = (times[name] / len(objects) * 1e6 for name in sets)
        print(
            f"{what:12} {none:6.0f} us without rules, {every:6.0f} us with {len(JUDGING)}, "
            f"{copies:6.0f} us with {RULES} copies"
        )
    tell(f"{len(JUDGING)} rules, us an object", every - none, MOST_OF_ALL)
    show_rules(bodies)


def show_rules(bodies: list[dict[str, Any]]) -> None:
    """The dearest rules, each with its share. What several rules ask for is reckoned to the first
    of them; the clock takes part of a microsecond for each time that a rule looks."""
    spent: dict[str, float] = defaultdict(float)
    looks: Counter[str] = Counter()
    judge(tuple(_clock(rule, spent, looks) for rule in JUDGING), bodies)
    for code in sorted(spent, key=spent.__getitem__, reverse=True)[:DEAREST]:
        whole, each = spent[code] / len(bodies) * 1e6, spent[code] / looks[code] * 1e6
        share = looks[code] / len(bodies)
        print(f"  {code} {whole:6.2f} us an object: {each:6.2f} a look, at {share:4.0%} of them")


def _clock(rule: Rule, spent: dict[str, float], looks: Counter[str]) -> Rule:
    """A rule whose time is counted."""
    check: Callable[..., Iterator[Problem]] | None = rule.check

    def timed(workload: Any, params: Mapping[str, Any]) -> Iterator[Problem]:
        start = time.process_time()
        found = list(check(workload, params)) if check is not None else []
        spent[rule.code] += time.process_time() - start
        looks[rule.code] += 1
        return iter(found)

    return rule._replace(check=timed)


def read_objects(text: str) -> list[dict[str, Any]]:
    return [
        one.value for one in read(text) if isinstance(one, Document) and isinstance(one.value, dict)
    ]


def judge(rules: tuple[Rule, ...], objects: list[dict[str, Any]]) -> None:
    engine = Engine(Policy(), Inventory(), TODAY, rules=rules)
    for body in objects:
        engine.evaluate(Manifest(body))


if __name__ == "__main__":
    main()
