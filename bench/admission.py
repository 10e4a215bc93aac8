"""What admission costs as the API server's clients see it: Jobs created with mlgate and without.

Usage: KUBEBUILDER_ASSETS=FOLDER python -m bench.admission [JOBS [RATE]]; needs `make control-plane`
and the extra `webhook`. RATE is in Jobs a second; without it one is created after the other. Both
webhooks are registered for one half of the Jobs and emptied by the break-glass annotation for the
other, in turn, so that the machine's mood touches both alike.
"""

import copy
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import urllib3

from tests.e2e.cluster import TOKEN, Cluster, find_programs, until
from tests.e2e.installation import CONFIGURATIONS, Installation
from tests.e2e.network import LOOPBACK, own_network
from tests.webhook.bodies import job

BLOCKS = 5
THREADS = 32
"""By which Jobs are created at a rate: more than are under way at a time."""
NAMESPACE = "bench"


def main() -> None:
    given = [int(one) for one in sys.argv[1:]]
    jobs, rate = (*given, *(500, 0)[len(given) :])
    programs = find_programs()
    if isinstance(programs, str):
        print(f"skipped: {programs}")
        return
    with own_network() as host:
        measure(Cluster(programs, Path(tempfile.mkdtemp(prefix="bench-")), host), jobs, rate)


def measure(cluster: Cluster, jobs: int, rate: int) -> None:
    if cluster.host == LOOPBACK:
        print("skipped: no right to make a network namespace, and EndpointSlices refuse loopback")
        return
    try:
        cluster.start()
        cluster.kubectl("create", "namespace", NAMESPACE)
        installation = Installation(cluster)
        installation.add()
        until(installation.registered)
        report(cluster, installation, jobs, rate)
        installation.stop()
    finally:
        cluster.stop()


def report(cluster: Cluster, installation: Installation, jobs: int, rate: int) -> None:
    times: dict[str, list[float]] = {"without": [], "with": []}
    for block in range(BLOCKS):
        for name, disabled in (("without", True), ("with", False)):
            switch(cluster, installation, disabled=disabled)
            times[name] += create(cluster, jobs // BLOCKS, f"{name}-{block}", rate)
    for name, found in times.items():
        found.sort()
        print(
            f"{name:8}{len(found)} Jobs: p50 {pick(found, 50):.2f} ms, p99 {pick(found, 99):.2f} ms"
        )
    for share in (50, 99):
        added = pick(times["with"], share) - pick(times["without"], share)
        ratio = pick(times["with"], share) / pick(times["without"], share)
        print(f"added at p{share}: {added:.2f} ms, {ratio:.2f}x")


def switch(cluster: Cluster, installation: Installation, *, disabled: bool) -> None:
    """Empty both configurations, or have them filled again."""
    mark = "mlgate.dev/disabled=true" if disabled else "mlgate.dev/disabled-"
    cluster.kubectl("annotate", "--overwrite", CONFIGURATIONS[0], mark)
    until(lambda: all(bool(installation.hooks(one)) != disabled for one in CONFIGURATIONS))
    time.sleep(1.0)  # until the API server has heard of it


def create(cluster: Cluster, count: int, prefix: str, rate: int) -> list[float]:
    """The milliseconds of each of ``count`` Jobs, suspended, so that nothing else is created
    meanwhile: ``rate`` a second, or one after the other."""
    body = job(backoffLimit=2, activeDeadlineSeconds=7200, suspend=True)
    url = f"{cluster.url}/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    threads = THREADS if rate else 1
    start = time.perf_counter()
    with (
        urllib3.PoolManager(
            ca_certs=str(cluster.authority), retries=False, maxsize=threads
        ) as pool,
        ThreadPoolExecutor(threads) as executor,
    ):

        def create_one(number: int) -> float:
            one = copy.deepcopy(body)
            one["metadata"]["name"] = f"{prefix}-{number}"
            if rate:
                time.sleep(max(0.0, start + number / rate - time.perf_counter()))
            began = time.perf_counter()
            answer = pool.request("POST", url, body=json.dumps(one), headers=headers)
            if answer.status != 201:
                raise SystemExit(f"HTTP {answer.status}: {answer.data[:300]!r}")
            return (time.perf_counter() - began) * 1000

        times = list(executor.map(create_one, range(count)))
    print(f"{prefix}: {count / (time.perf_counter() - start):.0f} Jobs a second", file=sys.stderr)
    return times


def pick(times: list[float], share: int) -> float:
    """A percentile of sorted times."""
    return times[min(len(times) - 1, len(times) * share // 100)]


if __name__ == "__main__":
    main()
