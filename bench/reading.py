"""How fast the readers are: their throughput, marks included, against PyYAML's CSafeLoader.

Usage: python -m bench.reading [FOLDER]; FOLDER holds manifests, ``examples`` unless given.
"""

import gc
import sys
from functools import partial
from pathlib import Path

import yaml

from bench.timing import fastest
from rules import composition
from rules.reader import ReadError, decode, read


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples")
    texts = list(load(folder))
    if not texts:
        sys.exit(f"{folder}: no YAML files")
    size = sum(len(text) for text in texts)
    gc.disable()
    works = {name: partial(read_all, texts, name) for name in composition.READERS}
    seconds = fastest({**works, "CSafeLoader": partial(load_all, texts)})
    for name, spent in seconds.items():
        print(
            f"{name:12} {spent / len(texts) * 1e6:7.0f} us/file {size / spent / 1e6:6.1f} MB/s, "
            f"{seconds['CSafeLoader'] / spent:5.2f} x CSafeLoader"
        )


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


def read_all(texts: list[str], reader: str) -> None:
    composition.reader = reader
    for text in texts:
        list(read(text))


def load_all(texts: list[str]) -> None:
    for text in texts:
        list(yaml.load_all(text, yaml.CSafeLoader))


if __name__ == "__main__":
    main()
