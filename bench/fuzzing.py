"""Whether hostile bodies get an answer: objects damaged at random go through both reviews.

Usage: python -m bench.fuzzing [N [FIRST]]; N bodies, 100,000 unless given, from number FIRST on,
0 unless given. A body follows from its number alone. Each must be answered or refused: no rule may
crash, each patch must apply, change nothing when made again and bring no denial.
"""

import base64
import datetime
import gc
import io
import json
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonpatch
import orjson

from bench.bodies import make_body
from rules.inventory import Inventory
from rules.policy import Policy
from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.review.admission import ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext
from webhook.review.decoding import decode_body
from webhook.review.patch import apply_patch
from webhook.review.record import decision, make_record
from webhook.review.request import BadReview
from webhook.server.process import GC_THRESHOLDS

COUNT = 100_000
SHOWN = 10
"""Failures that are printed whole."""

TODAY = datetime.date(2026, 6, 1)
KNOWN = [
    ReviewContext(Policy(profile=profile), Inventory(), TODAY, "1")
    for profile in ("strict", "standard", "observe")
]


class Failure(NamedTuple):
    """A body, by its number, that was not answered as it should be."""

    number: int
    kind: str
    what: str


class Slow(NamedTuple):
    """The slowest body: CPU milliseconds, bytes, kind and number."""

    milliseconds: float = 0.0
    size: int = 0
    kind: str = ""
    number: int = 0


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.exit(1 if run(first, count) else 0)


def run(first: int, count: int) -> int:
    """Send ``count`` bodies through; how many failed."""
    trial = Trial()
    start = time.perf_counter()
    early = read_memory()
    for number in range(first, first + count):
        trial.send(number)
        if number - first == count // 5:
            early = read_memory()
    seconds = time.perf_counter() - start
    print(f"bodies       {count} ({count / seconds:.0f}/s, making them included)")
    print(f"reviews      {count / trial.seconds:.0f}/s by CPU time, both reviews of a body")
    print(f"outcomes     {', '.join(f'{what} {n}' for what, n in trial.outcomes.most_common())}")
    slow = trial.slowest
    print(
        f"slowest      {slow.milliseconds:.1f} ms: {slow.kind} of {slow.size} bytes, "
        f"number {slow.number}"
    )
    print(f"memory       {early:.1f} MiB at 20 %, {read_memory():.1f} MiB at the end")
    print(f"series       {trial.metrics.render().count(b'mlgate_requests_total{')} of requests")
    for failure in trial.failures[:SHOWN]:
        print(f"failure      {failure.number} {failure.kind}: {failure.what}")
    print(f"failures     {len(trial.failures)}")
    return len(trial.failures)


def read_memory() -> float:
    """The resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Trial:
    """Bodies sent one after the other, and what became of them."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.outcomes: Counter[str] = Counter()
        self.failures: list[Failure] = []
        self.slowest = Slow()
        self.seconds = 0.0

    def send(self, number: int) -> None:
        """Make the body of that number, judge it, and note what is wrong with the answers."""
        kind, body = make_body(number)
        known = KNOWN[number % len(KNOWN)]
        start = time.process_time()
        try:
            answers = answer(body, known, self.metrics)
        except Exception as crash:  # noqa: BLE001 - that none comes is what is tried here
            answers = {}
            frame = traceback.extract_tb(crash.__traceback__)[-1]
            text = f"{type(crash).__name__} at {Path(frame.filename).name}:{frame.lineno}: {crash}"
            self.failures.append(Failure(number, kind, text[:300]))
        spent = time.process_time() - start
        self.seconds += spent
        if spent * 1000 > self.slowest.milliseconds:
            self.slowest = Slow(spent * 1000, len(body), kind, number)
        self._note(number, kind, body, answers)

    def _note(self, number: int, kind: str, body: bytes, answers: dict[str, ReviewOutcome]) -> None:
        if not answers:
            self.outcomes["refused"] += 1
            return
        for endpoint, outcome in answers.items():
            self.outcomes[f"{endpoint} {decision(outcome)}"] += 1
            self.outcomes["dropped"] += outcome.dropped
        known = KNOWN[number % len(KNOWN)]
        for what in complain(body, answers, known):
            self.failures.append(Failure(number, kind, what[:300]))


def answer(body: bytes, known: ReviewContext, metrics: Metrics) -> dict[str, ReviewOutcome]:
    """What the server does with a body: decide, write, count and log; empty for a refusal."""
    log = Log(io.StringIO())
    answers = {}
    for endpoint, judge in (("validate", validate), ("mutate", mutate)):
        try:
            tree = decode_body(body)
            outcome = judge(tree, known)
        except BadReview:
            return {}
        orjson.dumps(outcome.body)
        record = make_record(endpoint, tree)
        metrics.review(record, outcome, 0.001, known.policy)
        log.review(record, outcome, 0.001, known.revision)
        answers[endpoint] = outcome
    return answers


def complain(body: bytes, answers: dict[str, ReviewOutcome], known: ReviewContext) -> Iterator[str]:
    """What is wrong with the answers to a body."""
    tree = decode_body(body)
    for endpoint, outcome in answers.items():
        response = outcome.body["response"]
        yield from (f"{endpoint}: {error}" for error in outcome.errors)
        if response["uid"] != tree["request"]["uid"]:
            yield f"{endpoint}: the uid is {response['uid']!r:.60}"
        yield from (f"{endpoint}: {what}" for what in _complain_of_length(response))
    if "patch" in answers["validate"].body["response"]:
        yield "validate: it has a patch"
    if answers["mutate"].patched:
        yield from _complain_of_patch(tree, answers, known)


def _complain_of_length(response: dict[str, Any]) -> Iterator[str]:
    warnings = response.get("warnings", [])
    if sum(map(len, warnings)) > 4096 or any(len(one) > 256 for one in warnings):
        yield f"{len(warnings)} warnings are too long"
    if len(response.get("status", {}).get("message", "").encode()) > 2048:
        yield "the message is too long"


def _complain_of_patch(
    tree: Any, answers: dict[str, ReviewOutcome], known: ReviewContext
) -> Iterator[str]:
    """A patch applies for others as it does for us, comes to rest, and brings no denial."""
    body = tree["request"]["object"]
    patch = json.loads(base64.b64decode(answers["mutate"].body["response"]["patch"]))
    mended = apply_patch(body, patch)
    if jsonpatch.apply_patch(body, patch) != mended:
        yield f"mutate: jsonpatch makes another object of {patch}"
    again = {**tree, "request": {**tree["request"], "object": mended}}
    if mutate(again, known).patched:
        yield f"mutate: it is not at rest after {patch}"
    fresh = _denials(validate(again, known)) - _denials(answers["validate"])
    if fresh:
        yield f"mutate: {sorted(fresh)} are denied only after {patch}"


def _denials(outcome: ReviewOutcome) -> set[str]:
    return {finding.fingerprint for finding in outcome.findings if finding.action == "deny"}


if __name__ == "__main__":
    main()
