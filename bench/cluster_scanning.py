"""The time and the memory of `mlgate scan` on a real API server, by the number of objects.

Usage: KUBEBUILDER_ASSETS=FOLDER python -m bench.cluster_scanning [OBJECTS ...]; needs `make
control-plane`. Jobs, CronJobs and RayJobs in 50 namespaces, one in ten with findings, all
suspended, so that no controller makes anything of them. Wanted: linear.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import urllib3

from bench.scanning import make_jobs
from tests.e2e.cluster import TOKEN, Cluster, find_programs
from tests.e2e.custom_kinds import installed
from tests.e2e.network import own_network

SIZES = (1_000, 10_000)
THREADS = 8
ROOT = Path(__file__).parents[1]
_KINDS = ("Job", "CronJob", "RayJob")
_PATHS = {
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "RayJob": "/apis/ray.io/v1/namespaces/{}/rayjobs",
}


def make_objects(first: int, last: int) -> Iterator[dict[str, Any]]:
    """Objects of several kinds, each holding one of ``make_jobs``."""
    for number, job in enumerate(make_jobs(first, last), first):
        kind = _KINDS[number % len(_KINDS)]
        metadata = {key: job["metadata"][key] for key in ("name", "namespace")}
        yield {"kind": kind, "metadata": metadata, **_WRAPS[kind](job["spec"])}


def _wrap_job(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "spec": {**spec, "suspend": True}}


def _wrap_cron_job(spec: dict[str, Any]) -> dict[str, Any]:
    schedule = {"schedule": "17 3 * * *", "concurrencyPolicy": "Forbid", "suspend": True}
    return {"apiVersion": "batch/v1", "spec": {**schedule, "jobTemplate": {"spec": spec}}}


def _wrap_ray_job(spec: dict[str, Any]) -> dict[str, Any]:
    template = spec["template"]
    group = {"groupName": "workers", "replicas": 2, "template": template}
    cluster = {"headGroupSpec": {"template": template}, "workerGroupSpecs": [group]}
    return {
        "apiVersion": "ray.io/v1",
        "spec": {
            "entrypoint": "python train.py --output-dir s3://models/run",
            "backoffLimit": 2,
            "rayClusterSpec": cluster,
            **{key: spec[key] for key in ("activeDeadlineSeconds",) if key in spec},
        },
    }


_WRAPS = {"Job": _wrap_job, "CronJob": _wrap_cron_job, "RayJob": _wrap_ray_job}


def create(cluster: Cluster, bodies: Iterator[dict[str, Any]]) -> None:
    """Create the objects, several at a time."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with (
        urllib3.PoolManager(
            ca_certs=str(cluster.authority), retries=False, maxsize=THREADS
        ) as pool,
        ThreadPoolExecutor(THREADS) as executor,
    ):

        def create_one(body: dict[str, Any]) -> None:
            path = _PATHS[body["kind"]].format(body["metadata"]["namespace"])
            text = json.dumps(body)
            answer = pool.request("POST", f"{cluster.url}{path}", body=text, headers=headers)
            if answer.status != 201:
                raise SystemExit(f"{path}: HTTP {answer.status}: {answer.data[:300]!r}")

        list(executor.map(create_one, bodies))


def scan(cluster: Cluster) -> dict[str, float]:
    """Seconds, seconds of processor time, MiB at the peak, objects and findings of one scan."""
    policy = cluster.work / "policy.yaml"
    policy.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\n")
    report = cluster.work / "report.json"
    command = [
        *(sys.executable, "-m", "linter", "scan", "--rate", "1000", "--exit-zero", "-q"),
        *("--kubeconfig", str(cluster.kubeconfig), "--policy", str(policy)),
        *("--format", "json", "--output", str(report)),
    ]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cluster.work, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    _, status, used = os.wait4(process.pid, 0)
    waited = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"mlgate scan: exit status {process.returncode}")
    told = json.loads(report.read_text())
    return {
        "seconds": waited,
        "cpu": used.ru_utime + used.ru_stime,
        "MiB": used.ru_maxrss / 1024,
        "objects": told["coverage"]["objects"],
        "findings": len(told["findings"]),
    }


def measure(cluster: Cluster, sizes: list[int]) -> None:
    """Print a line for each size; objects are added from one to the next."""
    cluster.start()
    with installed(cluster, {("ray.io", "RayJob"): {"v1"}}):
        spaces = sorted({job["metadata"]["namespace"] for job in make_jobs(0, 50)})
        cluster.kubectl("create", "-f", "-", stdin=[_make_namespace(one) for one in spaces])
        held = 0
        for size in sizes:
            start = time.perf_counter()
            create(cluster, make_objects(held, size))
            seconds = time.perf_counter() - start
            print(f"created {size - held:,} objects in {seconds:.0f} s", file=sys.stderr)
            held = size
            tell(scan(cluster))


def _make_namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def tell(told: dict[str, float]) -> None:
    """A line about a scan."""
    print(
        f"{told['objects']:>8,.0f} objects: {told['seconds']:6.1f} s, {told['cpu']:6.1f} s of a "
        f"processor ({1e6 * told['cpu'] / told['objects']:.0f} us each), peak {told['MiB']:.1f} "
        f"MiB, {told['findings']:,.0f} findings"
    )


def main() -> None:
    programs = find_programs()
    if isinstance(programs, str):
        print(f"skipped: {programs}")
        return
    sizes = sorted(int(word) for word in sys.argv[1:]) or list(SIZES)
    with own_network() as host, tempfile.TemporaryDirectory(prefix="bench-") as place:
        cluster = Cluster(programs, Path(place), host)
        try:
            measure(cluster, sizes)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
