"""The time and the memory of a scan by the number of objects, the API server simulated.

``python -m bench.scanning [OBJECTS ...]``: each number in a process of its own, so that its peak is
its own: one object in ten has findings, and then three in four, two each. A JSON report is written.
Wanted: linear, and 100,000 objects in less than 300 MiB.
"""

import itertools
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from cluster.discovery import Resource
from cluster.listing import Lister, ListTiming
from linter.judging.settings import find_today
from linter.judging.task import Task
from linter.reports import ReportOptions
from linter.reports.json import render
from linter.scanning.scan import Scan
from linter.scanning.survey import Survey, Wanted
from linter.whole_file import write_pieces
from rules.checks import ALL
from rules.policy import DEFAULT

SIZES = (1_000, 10_000, 100_000)
FEW, MANY = 0.1, 0.75
"""The part of all objects that have findings."""
_NAMESPACES = 50
_KEPT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
_JOBS = Resource("/apis/batch/v1/jobs", namespaced=True)


class Answer:
    """As much of a response as is read."""

    status = 200

    def __init__(self, body: Any) -> None:
        self.headers: Mapping[str, str] = {}
        self.data = orjson.dumps(body)

    def close(self) -> None:
        """Nothing is open."""


def make_reader(objects: int, part: float = FEW) -> Any:
    """A server that holds so many Jobs, a part of them with findings."""

    def read(path: str, _headers: Mapping[str, str], _timeout: float) -> Answer:
        query = parse_qs(urlsplit(path).query)
        first = int(query.get("continue", ["0"])[0])
        last = min(first + int(query["limit"][0]), objects)
        following = str(last) if last < objects else ""
        items = list(make_jobs(first, last, part))
        return Answer({"metadata": {"continue": following}, "items": items})

    return read


def make_jobs(first: int, last: int, part: float = FEW) -> Iterator[dict[str, Any]]:
    """The Jobs of these numbers, a part of them with findings."""
    for number in range(first, last):
        limits = {"cpu": "8", "memory": "64Gi", "nvidia.com/gpu": "1"}
        container = {
            "name": "train",
            "image": "registry.example.com/train:1.4.2",
            "command": ["python", "train.py", "--output-dir", "s3://models/run"],
            "env": [{"name": f"NAME_{at}", "value": "x" * 40} for at in range(12)],
            "resources": {"limits": limits, "requests": limits},
        }
        pod = {"restartPolicy": "Never", "containers": [container]}
        template: dict[str, Any] = {"spec": pod}
        spec = {"backoffLimit": 2, "ttlSecondsAfterFinished": 3600, "template": template}
        if number % 20 >= 20 * part:
            spec["activeDeadlineSeconds"] = 3600
            template["metadata"] = {"annotations": {_KEPT: "false"}}
        yield {
            "metadata": {
                "name": f"train-{number}",
                "namespace": f"team-{number % _NAMESPACES}",
                "uid": f"uid-{number}",
                "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
            },
            "spec": spec,
            "status": {"active": 1},
        }


def measure(objects: int, part: float) -> dict[str, float]:
    """Seconds of processor time, MiB at the peak and findings of one scan, in this process."""
    start = time.process_time()
    lister = Lister(make_reader(objects, part), ListTiming(rate=1e9))
    survey = Survey(lister, {("batch", "Job"): _JOBS}, ())
    scan = Scan(Task(DEFAULT, find_today(), ALL), survey, Wanted())
    result = scan.run()
    options = ReportOptions(
        colour=False, show_audit=True, show_roles=False, read_source=scan.read_source
    )
    write_pieces(os.devnull, lambda: render(result, options))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.process_time() - start
    return {"seconds": seconds, "MiB": peak, "findings": float(len(result["findings"]))}


def run(sizes: list[int]) -> None:
    """Print a line for each size and part."""
    for part, size in itertools.product((FEW, MANY), sizes):
        done = subprocess.run(
            [sys.executable, "-m", "bench.scanning", "--one", str(size), str(part)],
            capture_output=True,
            check=True,
        )
        told = json.loads(done.stdout)
        print(
            f"{size:>8,} objects: {1e6 * told['seconds'] / size:6.0f} us each, "
            f"peak {told['MiB']:6.1f} MiB, {told['findings']:,.0f} findings"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]), float(sys.argv[3]))))
    else:
        run([int(word) for word in sys.argv[1:]] or list(SIZES))
