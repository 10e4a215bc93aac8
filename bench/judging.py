"""What rules cost when there are many: the CPU time of judging an object, as ratios of one run.

Usage: python -m bench.judging [FOLDER]; FOLDER holds manifests, ``examples`` unless given. Reading
texts is not counted. First what an object takes by the rules there are, by none of them (its role
alone is read then), and by ``RULES`` copies; then what each rule takes of that. Last the same in
calls of functions, which are as many on any machine, however busy.
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
    show_rules(bodies, lambda: time.process_time() * 1e6, "us")
    show_calls(bodies)


def show_rules(bodies: list[dict[str, Any]], read: Callable[[], float], unit: str) -> None:
    """The dearest rules by what ``read`` counts, each with its share. What several rules ask for is
    reckoned to the first of them; a clock takes part of a microsecond for each time that a rule
    looks."""
    spent: dict[str, float] = defaultdict(float)
    looks: Counter[str] = Counter()
    judge(tuple(_meter(rule, read, spent, looks) for rule in JUDGING), bodies)
    for code in sorted(spent, key=spent.__getitem__, reverse=True)[:DEAREST]:
        whole, each = spent[code] / len(bodies), spent[code] / looks[code]
        share = looks[code] / len(bodies)
        print(
            f"  {code} {whole:6.2f} {unit} an object: {each:6.2f} a look, at {share:4.0%} of them"
        )


def _meter(
    rule: Rule, read: Callable[[], float], spent: dict[str, float], looks: Counter[str]
) -> Rule:
    """A rule of which is counted what it takes."""
    check: Callable[..., Iterator[Problem]] | None = rule.check

    def metered(workload: Any, params: Mapping[str, Any]) -> Iterator[Problem]:
        start = read()
        found = list(check(workload, params)) if check is not None else []
        spent[rule.code] += read() - start
        looks[rule.code] += 1
        return iter(found)

    return rule._replace(check=metered)


class CallCount:
    """A profiler that counts the calls of functions, Python's and C's."""

    def __init__(self) -> None:
        self.calls = 0.0

    def __call__(self, _frame: object, event: str, _function: object) -> None:
        self.calls += event in ("call", "c_call")


def show_calls(bodies: list[dict[str, Any]]) -> None:
    """The calls that an object takes without rules and with all, and those of the dearest rules."""
    count = CallCount()
    sys.setprofile(count)
    try:
        judge(SILENT, bodies)
        none, count.calls = count.calls / len(bodies), 0.0
        judge(ALL, bodies)
        every = count.calls / len(bodies)
        show_rules(bodies, lambda: count.calls, "calls")
    finally:
        sys.setprofile(None)
    print(f"calls an object: {none:.0f} without rules, {every - none:.0f} by {len(JUDGING)} rules")


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
