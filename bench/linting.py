"""What linting takes, as ratios of one run: usage: python -m bench.linting [FOLDER].

It is the CPU time of all processes of a run, the least of several: other work on the machine makes
any other time worth nothing. What two processes gain is told by the clock on the wall alone.

For an environment that mlgate is installed in. One small file against an empty Python; a folder
against PyYAML's own reading of it; with each reader that is built. Two linters are measured beside
where they are on PATH: `go install golang.stackrox.io/kube-linter/cmd/kube-linter@VERSION`, and
`go install github.com/zegl/kube-score/cmd/kube-score@VERSION`, on the files that it can read.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.copies import RULES
from bench.targets import tell
from bench.timing import read_cpu
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
    scorer = shutil.which("kube-score")
    scored = find_scored(scorer, files) if scorer is not None else []
    if scorer is not None:
        runs["kube-score"] = spawn([scorer, "score", *scored])
        print(f"kube-score reads {len(scored)} of {len(files)} files")
    for reader in READERS:
        commands = plan(small, folder, scored, reader)
        runs |= {f"{name}, {reader}": run for name, run in commands.items()}
    times, walls = measure(runs)
    for name, seconds in times.items():
        print(f"{name:22} {seconds * 1000:8.1f} ms of CPU, {walls[name] * 1000:8.1f} ms in all")
    for reader in READERS:
        report(reader, times, walls)


def find_scored(scorer: str, files: list[str]) -> list[str]:
    """The files that kube-score can read: one that it cannot ends its run without a word of the
    others."""
    done = subprocess.run([scorer, "score", *files], capture_output=True, check=False)
    if b"Failed to score files" not in done.stderr:
        return files
    middle = len(files) // 2
    halves = (files[:middle], files[middle:]) if middle else ()
    return [file for half in halves for file in find_scored(scorer, half)]


def plan(
    small: str, folder: str, scored: list[str], reader: str
) -> dict[str, Callable[[], object]]:
    """The runs with one reader, by name."""
    lint = [str(Path(sys.executable).parent / "mlgate"), "lint"]
    copies = [sys.executable, "-m", "bench.copies", "lint"]
    commands = {
        "one file": [*lint, small],
        "serial": [*lint, "--jobs", "1", folder],
        "two": [*lint, "--jobs", "2", folder],
        "eight rules": [*lint, "--jobs", "2", "--select", CORE, folder],
        f"{RULES} rules": [*copies, "--jobs", "2", folder],
        **({"scored": [*lint, *scored]} if scored else {}),
    }
    return {name: spawn(command, reader) for name, command in commands.items()}


def report(reader: str, times: dict[str, float], walls: dict[str, float]) -> None:
    """What is wanted of one reader."""
    names = ("one file", "serial", "eight rules", f"{RULES} rules")
    one, serial, eight, many = (times[f"{name}, {reader}"] for name in names)
    gain = walls[f"serial, {reader}"] / walls[f"two, {reader}"]
    print(f"with the {reader} reader:")
    tell("one small file, against an empty Python", one / times["nothing"], 3.6)
    print(f"     the folder in one process: {serial / times['load_all']:.2f} x load_all")
    print(f"     two processes: {gain:.2f} x faster than one")
    if "kube-score" in times:
        ratio = times[f"scored, {reader}"] / times["kube-score"]
        print(f"     what kube-score reads, by all rules: {ratio:.2f} x its time")
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


def measure(runs: dict[str, Callable[[], object]]) -> tuple[dict[str, float], dict[str, float]]:
    """The least seconds of each, of CPU and on the wall; all are taken in turn, so that a slow
    moment meets all of them."""
    times, walls = dict.fromkeys(runs, float("inf")), dict.fromkeys(runs, float("inf"))
    for run in runs.values():
        run()
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start, used = time.perf_counter(), read_cpu()
            run()
            walls[name] = min(walls[name], time.perf_counter() - start)
            times[name] = min(times[name], read_cpu() - used)
    return times, walls


if __name__ == "__main__":
    main()
