"""A steady stream of requests to the API server, each with an answer that is known beforehand."""

import copy
import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import urllib3

from tests.e2e.cluster import TOKEN, Cluster
from tests.threads import Threads
from tests.webhook.bodies import job

_THREADS = 8


class Answer(NamedTuple):
    """One request. ``expected``: whether it had the answer that mlgate gives; ``reached``: whether
    the API server answered at all. Seconds; ``at`` is monotonic."""

    at: float
    seconds: float
    expected: bool
    reached: bool
    text: str


class Requests(Threads):
    """Jobs as dry runs, in turn a good one, which must pass, and one that mlgate must refuse.

    A review that fails shows: with failure policy Fail as HTTP 500, with Ignore as a bad Job that
    was taken.
    """

    def __init__(self, cluster: Cluster, namespace: str, rate: float = 100.0) -> None:
        self.answers: list[Answer] = []
        self._url = f"{cluster.url}/apis/batch/v1/namespaces/{namespace}/jobs?dryRun=All"
        self._ca = str(cluster.authority)
        self._pause = _THREADS / rate
        super().__init__(_THREADS)

    @property
    def failed(self) -> list[Answer]:
        """What was answered otherwise than mlgate answers."""
        return [one for one in self.answers if one.reached and not one.expected]

    def describe(self) -> str:
        """The figures in a line."""
        times = sorted(one.seconds * 1000 for one in self.answers if one.reached)
        lost = sum(not one.reached for one in self.answers)
        middle, tail = times[len(times) // 2], times[int(len(times) * 0.99)]
        return (
            f"{len(self.answers)} requests, {len(self.failed)} failed, {lost} without an API "
            f"server, p50 {middle:.1f} ms, p99 {tail:.1f} ms, slowest {times[-1]:.0f} ms"
        )

    def run(self, number: int) -> None:
        """Send requests."""
        due = time.monotonic() + self._pause * number / _THREADS
        with urllib3.PoolManager(ca_certs=self._ca, retries=False) as pool:
            for body, allowed in _bodies():
                if self.end.wait(max(0.0, due - time.monotonic())):
                    return
                due = max(due + self._pause, time.monotonic() - 1.0)
                self.answers.append(self._ask(pool, body, allowed=allowed))

    def _ask(self, pool: urllib3.PoolManager, body: bytes, *, allowed: bool) -> Answer:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        began = time.monotonic()
        try:
            answer = pool.request("POST", self._url, body=body, headers=headers, timeout=30.0)
        except urllib3.exceptions.HTTPError as error:
            seconds, text = time.monotonic() - began, type(error).__name__
            return Answer(began, seconds, expected=False, reached=False, text=text)
        text = answer.data.decode()
        reached = answer.status in (201, 403) or "webhook" in text
        expected = answer.status == 201 if allowed else "denied the request" in text
        seconds = time.monotonic() - began
        return Answer(began, seconds, expected, reached, text[:300])


def _bodies() -> Iterator[tuple[bytes, bool]]:
    good = job(backoffLimit=2, activeDeadlineSeconds=7200)
    good["metadata"] = {"generateName": "load-"}
    bad: dict[str, Any] = copy.deepcopy(good)
    bad["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    while True:
        yield json.dumps(good).encode(), True
        yield json.dumps(bad).encode(), False
