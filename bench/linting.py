"""How long linting takes, as ratios of one run: usage: python -m bench.linting [FOLDER].

For an environment that mlgate is installed in. One small file against an empty Python; a folder
against PyYAML's own reading of it; with each reader that is built. kube-linter is measured beside
where it is on PATH: `go install golang.stackrox.io/kube-linter/cmd/kube-linter@VERSION`.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.copies import RULES
from bench.targets import tell
from rules import composition

ROUNDS = 7
READERS = sorted(composition.READERS, reverse=True)
CORE = "TRN001,TRN002,TRN003,CRN001,GPU001,STO001,SRV001,HPA001"
BOUNDS = {"compiled": (1.15, 0.65, 0.85), "pure": (1.35, 0.85, 1.05)}
"""Of kube-linter's time, by reader: one small file, a folder by eight rules, by sixty."""
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
    runs = {
        "nothing": spawn([sys.executable, "-I", "-c", "pass"]),
        "load_all": spawn([sys.executable, "-c", READ, *files]),
    }
    peer = shutil.which("kube-linter")
    if peer is not None:
        runs["kube-linter, one file"] = spawn([peer, "lint", small])
        runs["kube-linter, folder"] = spawn([peer, "lint", folder])
    for reader in READERS:
        runs |= {f"{name}, {reader}": run for name, run in plan(small, folder, reader).items()}
    times = measure(runs)
    for name, seconds in times.items():
        print(f"{name:22} {seconds * 1000:8.1f} ms")
    for reader in READERS:
        report(reader, times)


def plan(small: str, folder: str, reader: str) -> dict[str, Callable[[], object]]:
    """The runs with one reader, by name."""
    lint = [str(Path(sys.executable).parent / "mlgate"), "lint"]
    copies = [sys.executable, "-m", "bench.copies", "lint"]
    commands = {
        "one file": [*lint, small],
        "serial": [*lint, "--jobs", "1", folder],
        "two": [*lint, "--jobs", "2", folder],
        "eight rules": [*lint, "--jobs", "2", "--select", CORE, folder],
        f"{RULES} rules": [*copies, "--jobs", "2", folder],
    }
    return {name: spawn(command, reader) for name, command in commands.items()}


def report(reader: str, times: dict[str, float]) -> None:
    """What is wanted of one reader."""
    names = ("one file", "serial", "two", "eight rules", f"{RULES} rules")
    one, serial, two, eight, many = (times[f"{name}, {reader}"] for name in names)
    print(f"with the {reader} reader:")
    tell("one small file, against an empty Python", one / times["nothing"], 3.6)
    print(f"     the folder in one process: {serial / times['load_all']:.2f} x load_all")
    print(f"     two processes: {serial / two:.2f} x faster than one")
    if "kube-linter, folder" not in times:
        print("     kube-linter is not on PATH: nothing is told against it")
        return
    bounds = BOUNDS[reader]
    tell("one small file, against kube-linter", one / times["kube-linter, one file"], bounds[0])
    tell("the folder by eight rules", eight / times["kube-linter, folder"], bounds[1])
    tell(f"the folder by {RULES} rules", many / times["kube-linter, folder"], bounds[2])


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


if __name__ == "__main__":
    main()
