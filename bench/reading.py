"""How fast the reader is: its throughput, marks included, against PyYAML's CSafeLoader.

Usage: python -m bench.reading [FOLDER]; FOLDER holds manifests, ``examples`` unless given.
"""

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from rules.reader import ReadError, decode, read

ROUNDS = 9


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples")
    texts = list(load(folder))
    if not texts:
        sys.exit(f"{folder}: no YAML files")
    size = sum(len(text) for text in texts)
    gc.disable()
    seconds = fastest([lambda: read_all(texts), lambda: load_all(texts)])
    for name, spent in zip(("reader", "CSafeLoader"), seconds, strict=True):
        print(f"{name:12} {spent / len(texts) * 1e6:7.0f} us/file {size / spent / 1e6:6.1f} MB/s")
    print(f"ratio        {seconds[1] / seconds[0]:.2f}")


def load(folder: Path) -> list[str]:
    """The manifests that the loader can read, so that both do the same work."""
    texts = []
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            text = decode(path.read_bytes())
            list(yaml.load_all(text, yaml.CSafeLoader))
        except (ReadError, yaml.YAMLError, ValueError):
            continue
        texts.append(text)
    return texts


def fastest(works: list[Callable[[], None]]) -> list[float]:
    """The best time of each; in turns, so that a busy machine slows all alike."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for index, work in enumerate(works):
            start = time.process_time()
            work()
            best[index] = min(best[index], time.process_time() - start)
            gc.collect()
    return best


def read_all(texts: list[str]) -> None:
    for text in texts:
        list(read(text))


def load_all(texts: list[str]) -> None:
    for text in texts:
        list(yaml.load_all(text, yaml.CSafeLoader))


if __name__ == "__main__":
    main()
