"""How long linting takes, as ratios of one run: usage: python -m bench.linting [FOLDER].

For an environment that mlgate is installed in. One small file against an empty Python; a folder
against PyYAML's own reading of it, with one process and with two; and the peak memory; with each
reader that is built.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rules import composition

ROUNDS = 7
READERS = sorted(composition.READERS, reverse=True)
READ = """
import sys, yaml
for path in sys.argv[1:]:
    try:
        list(yaml.load_all(open(path, "rb").read(), yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError):
        pass
"""


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else "examples"
    files = [str(path) for path in Path(folder).rglob("*") if path.suffix in {".yaml", ".yml"}]
    small = min(files, key=lambda path: abs(Path(path).stat().st_size - 750))
    mlgate = str(Path(sys.executable).parent / "mlgate")
    lint = [mlgate, "lint", "--format", "json", "--output", "/dev/null"]
    runs = {
        "nothing": spawn([sys.executable, "-I", "-c", "pass"]),
        "load_all": spawn([sys.executable, "-c", READ, *files]),
    }
    for reader in READERS:
        runs[f"one file, {reader}"] = spawn([*lint, small], reader)
        runs[f"serial, {reader}"] = spawn([*lint, "--jobs", "1", folder], reader)
        runs[f"two, {reader}"] = spawn([*lint, "--jobs", "2", folder], reader)
    times = measure(runs)
    for name, seconds in times.items():
        print(f"{name:18} {seconds * 1000:8.1f} ms")
    for reader in READERS:
        one, serial, two = (times[f"{what}, {reader}"] for what in ("one file", "serial", "two"))
        print(f"with the {reader} reader:")
        print(f"  one small file: {one / times['nothing']:.2f} x an empty Python")
        print(f"  {len(files)} files: {serial / times['load_all']:.2f} x load_all")
        print(f"  two processes: {serial / two:.2f} x faster than one")
        print(f"  peak memory of a process: {peak([*lint, '--jobs', '1', folder], reader):.0f} MiB")


def spawn(command: list[str], reader: str = "") -> Callable[[], object]:
    """A run of a command as users have it: compiled modules are kept from one to the next."""
    known = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    known["MLGATE_READER"] = reader
    return lambda: subprocess.run(command, capture_output=True, check=False, env=known)


def measure(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median of each, all taken in turn, so that a slow moment meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def peak(command: list[str], reader: str) -> float:
    """The peak memory in MiB; a process of its own asks, so that no other child counts."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True); \
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    told = subprocess.run(
        [sys.executable, "-c", code, *command],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MLGATE_READER": reader},
    )
    return int(told.stdout) * resource.getpagesize() / 4096 / 1024


if __name__ == "__main__":
    main()
