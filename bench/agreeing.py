"""Whether both readers read alike: texts damaged, made and drawn at random go through both.

Usage: python -m bench.agreeing [N [FIRST]] [PATH ...]; N texts, 20,000 unless given, from number
FIRST on, 0 unless given. The manifests in the folders PATH, and in JSONL files PATH the ``yaml`` of
each line, are tried as they are and damaged; the project's own cases and examples unless given. A
text follows from its number and the PATHs. Texts that are meant to hurt are tried too. Values,
marks, duplicates and errors must be the same.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from rules import composition
from rules.composed import Limits, UnreadableError
from rules.reader import ReadError, decode, read
from tests.rules.odd_yaml import list_hostile, make_text

COUNT = 20_000
OF_HOSTILE = 100_000
SIZE_OF_HOSTILE = 30_000_000
DEFAULTS = ("tests/cases", "examples")
SHOWN = 10
"""Differences that are printed."""


class Difference(NamedTuple):
    """A text that the readers read otherwise: what it is, and what each made of it."""

    name: str
    text: str
    compiled: str
    pure: str

    @property
    def start(self) -> int:
        """How much of it is the same still."""
        pairs = enumerate(zip(self.compiled, self.pure, strict=False))
        return next((index for index, (one, other) in pairs if one != other), 0)


def main() -> None:
    numbers = [int(one) for one in sys.argv[1:] if one.isdecimal()]
    paths = [one for one in sys.argv[1:] if not one.isdecimal()] or list(DEFAULTS)
    count, first = (*numbers, *(COUNT, 0)[len(numbers) :])
    if "compiled" not in composition.READERS:
        sys.exit("the compiled reader is not installed: there is nothing to compare")
    seeds = [text for path in paths for text in load(Path(path))]
    if not seeds:
        sys.exit(f"{', '.join(paths)}: no YAML")
    sys.exit(1 if run(seeds, first, count) else 0)


def run(seeds: list[str], first: int, count: int) -> int:
    """Compare what both readers make of ``seeds``, of ``count`` texts and of the hostile ones."""
    trial = Trial()
    for number, text in enumerate(seeds):
        trial.compare(f"seed {number}", text)
    for number in range(first, first + count):
        trial.compare(str(number), make_text(number, seeds))
    hostile = list_hostile(OF_HOSTILE, SIZE_OF_HOSTILE)
    for name in list(hostile):
        trial.compare(name, hostile.pop(name))
    trial.report()
    return len(trial.differences)


def load(path: Path) -> list[str]:
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines()
        return [text for line in lines if (text := json.loads(line).get("yaml"))]
    texts = []
    for file in sorted(path.rglob("*.y*ml")):
        try:
            texts.append(decode(file.read_bytes()))
        except ReadError:
            continue
    return texts


class Trial:
    """Texts composed by both readers, one after the other, and what came of them."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.differences: list[Difference] = []
        self.slowest = (0.0, "")
        self._start = time.perf_counter()

    def compare(self, name: str, text: str) -> None:
        """Compose a text as a whole, and each of the documents in it."""
        start = time.perf_counter()
        documents = [one.text for one in read(text) if not isinstance(one, tuple)]
        for piece in dict.fromkeys((text, *documents)):
            self._compare(name, piece)
        self.slowest = max(self.slowest, (time.perf_counter() - start, name))

    def _compare(self, name: str, text: str) -> None:
        compiled, pure = compose("compiled", text), compose("pure", text)
        plain = is_plain(text)
        self.outcomes[
            "refused" if pure.startswith("refused") else "plain" if plain else "rare"
        ] += 1
        if compiled != pure:
            self.differences.append(Difference(name, text, compiled, pure))

    def report(self) -> None:
        seconds = time.perf_counter() - self._start
        total = sum(self.outcomes.values())
        print(f"documents    {total} in {seconds:.0f} s")
        print(f"outcomes     {', '.join(f'{what} {n}' for what, n in self.outcomes.most_common())}")
        print(f"slowest      {self.slowest[0]:.2f} s: {self.slowest[1]}")
        for one in self.differences[:SHOWN]:
            print(f"difference   {one.name}: {one.text[:200]!r}")
            start = max(0, one.start - 40)
            print(f"  compiled   {one.compiled[start : start + 200]}")
            print(f"  pure       {one.pure[start : start + 200]}")
        print(f"differences  {len(self.differences)}")


def compose(reader: str, text: str) -> str:
    """What a reader makes of a text, types and order included."""
    composition.reader = reader
    try:
        found = composition.compose(text, Limits())
    except UnreadableError as error:
        return f"refused {vars(error)}"
    return repr(found._replace(duplicates=tuple(found.duplicates)))


def is_plain(text: str) -> bool:
    """Whether the compiled reader composed the text itself."""
    plain = composition.READERS["compiled"]
    try:
        return plain is not None and plain(text, *Limits()[::2]) is not None
    except UnicodeEncodeError:
        return False


if __name__ == "__main__":
    main()
