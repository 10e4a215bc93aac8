"""What many files and large ones take, in memory and in time, as ratios of one run.

Usage: python -m bench.memory [FOLDER]; FOLDER holds manifests, ``examples`` unless given. They are
copied until there are 10,000 files, and joined until there are 20 MB in one.
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bench.reading import load
from bench.targets import tell
from bench.timing import read_cpu

FILES, LARGE = 10_000, 20_000_000
SHORTEST, LONGEST = 0.05, 600
"""Seconds from one look at the memory to the next, and of a run."""
SHARE = 0.05
"""Of a processor, that looking at the memory may take."""
LINT = [sys.executable, "-m", "linter", "lint", "--format", "json", "--output", os.devnull]


class Run(NamedTuple):
    """Seconds on the wall and of CPU, and the peak memory in MiB, of all processes together."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples")
    with tempfile.TemporaryDirectory() as place:
        many = run([*LINT, str(make_many(folder, Path(place)))])
        show(f"{FILES} files", many)
        shutil.rmtree(Path(place, "many"))
        large = make_large(folder, Path(place))
        one = run([*LINT, "--jobs", "1", str(large)])
        show(f"one file of {LARGE / 1e6:.0f} MB, one process", one)
        two = run([*LINT, "--jobs", "2", str(large)])
        show("the same, two processes", two)
        with large.open("rb") as text:
            stream = run([*LINT, "--jobs", "2", "-"], text)
        show("the same from standard input", stream)
    tell(f"memory of {FILES} files, MiB", many.memory, 150)
    tell("memory of one large file, MiB", two.memory, 300)
    tell("the same, two processes against one", one.wall / two.wall, 1.6, least=True)
    tell("memory of a large stream, MiB", stream.memory, 300)
    tell("the same, two processes against one", one.wall / stream.wall, 1.6, least=True)


def show(what: str, one: Run) -> None:
    print(f"{what}: {one.wall:.2f} s, {one.cpu:.2f} s of CPU, {one.memory:.0f} MiB", flush=True)


def make_many(folder: Path, place: Path) -> Path:
    """A folder of as many files, copies of those in ``folder``."""
    files = [path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml"}]
    for number, path in enumerate(itertools.islice(itertools.cycle(files), FILES)):
        copies = place / "many" / str(number // len(files))
        copies.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copies / f"{number}.yaml")
    return place / "many"


def make_large(folder: Path, place: Path) -> Path:
    """One file of as many bytes, of the manifests in ``folder`` that can be read."""
    path, size = place / "large.yaml", 0
    with path.open("w") as file:
        for text in itertools.cycle(load(folder)):
            size += file.write(f"---\n{text.rstrip()}\n")
            if size >= LARGE:
                return path
    raise SystemExit(f"{folder}: no manifests")


def run(command: list[str], stdin: BinaryIO | None = None) -> Run:
    """Raises SystemExit where it takes longer than anybody would wait."""
    start, used, peak, pause = time.perf_counter(), read_cpu(), 0, SHORTEST
    with subprocess.Popen(command, stdin=stdin, stderr=subprocess.DEVNULL) as process:
        while not has_ended(process, pause):
            asked = time.perf_counter()
            peak = max(peak, measure(process.pid))
            # The kernel looks at every page for an answer: no more of a processor goes into that.
            pause = max(SHORTEST, (time.perf_counter() - asked) / SHARE)
            if asked - start > LONGEST:
                process.kill()
                raise SystemExit(f"{' '.join(command)}: not done after {LONGEST} s")
    return Run(time.perf_counter() - start, read_cpu() - used, peak / 1024)


def has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a process ends within some time."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def measure(process: int) -> int:
    """The KiB that a process and its children hold: a page that several share counts once."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return own + sum(measure(int(child)) for child in children)


if __name__ == "__main__":
    main()
