"""What rules cost when there are many: the CPU time of judging an object, as ratios of one run.

Usage: python -m bench.judging [FOLDER]; FOLDER holds manifests, ``examples`` unless given. The
rules as they are, and ``RULES`` copies of those that judge. Reading texts is not counted.
"""

import datetime
import gc
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.copies import RULES, copy_rules
from bench.reading import load
from rules.checks import ALL
from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.model import Rule
from rules.policy import Policy
from rules.reader import Document, read
from tests.load.sized_reviews import make_job

ROUNDS, REVIEWS = 9, 200
TODAY = datetime.date(2026, 6, 1)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples")
    bodies = [body for text in load(folder) for body in read_objects(text)]
    review = json.loads(make_job(1, 19))["request"]["object"]
    sets = {f"{len(ALL)} rules": ALL, f"{RULES} copies": tuple(copy_rules(RULES))}
    for what, objects in (("a review", [review] * REVIEWS), (f"of {len(bodies)}", bodies)):
        times = fastest({name: partial(judge, rules, objects) for name, rules in sets.items()})
        few, many = (spent / len(objects) * 1e6 for spent in times)
        print(
            f"{what:12} {few:6.0f} us with {len(ALL)} rules, {many:6.0f} us with {RULES} copies, "
            f"{(many - few) / (RULES - len(ALL)):.2f} us a rule more"
        )


def read_objects(text: str) -> list[dict[str, Any]]:
    return [
        one.value for one in read(text) if isinstance(one, Document) and isinstance(one.value, dict)
    ]


def judge(rules: tuple[Rule, ...], objects: list[dict[str, Any]]) -> None:
    engine = Engine(Policy(), Inventory(), TODAY, rules=rules)
    for body in objects:
        engine.evaluate(Manifest(body))


def fastest(works: dict[str, partial[None]]) -> list[float]:
    """The least CPU time of each, taken in turn."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
            gc.collect()
    return list(best.values())


if __name__ == "__main__":
    main()
