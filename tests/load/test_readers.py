"""Whether both readers read alike what is damaged, made or drawn at random, and what is hostile.

A text follows from its number and the manifests in LOAD_MANIFESTS, the cases of the rules unless
given. LOAD_TEXTS says how many there are, and LOAD_FIRST from which number on.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from rules import composition
from rules.composed import Limits, UnreadableError
from rules.reader import ReadError, decode
from tests.rules.odd_yaml import list_hostile, make_text

FOLDER = Path(os.environ.get("LOAD_MANIFESTS", "tests/cases"))
COUNT = int(os.environ.get("LOAD_TEXTS", "100000"))
FIRST = int(os.environ.get("LOAD_FIRST", "0"))
OF_HOSTILE = 100_000
SIZE_OF_HOSTILE = 30_000_000

pytestmark = [
    pytest.mark.load,
    pytest.mark.skipif(
        "compiled" not in composition.READERS, reason="the compiled reader is not built"
    ),
]


def test_very_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = [*read_manifests(FOLDER)]
    outcomes: Counter[str] = Counter()
    differing = []
    for number in range(FIRST, FIRST + COUNT):
        text = make_text(number, seeds)
        compiled, pure = (compose(reader, text, monkeypatch) for reader in ("compiled", "pure"))
        outcomes["refused" if pure.startswith("refused") else "read"] += 1
        if compiled != pure:
            differing.append((number, text[:200]))
    print(", ".join(f"{name} {count}" for name, count in outcomes.most_common()))
    assert differing == []


@pytest.mark.parametrize("name", list_hostile(0, 0))
def test_hostile_texts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = list_hostile(OF_HOSTILE, SIZE_OF_HOSTILE)[name]
    assert compose("compiled", text, monkeypatch) == compose("pure", text, monkeypatch)


def compose(reader: str, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a reader makes of a text, types and order included."""
    monkeypatch.setattr(composition, "reader", reader)
    try:
        found = composition.compose(text, Limits())
    except UnreadableError as error:
        return f"refused {vars(error)}"
    return repr(found._replace(duplicates=tuple(found.duplicates)))


def read_manifests(folder: Path) -> list[str]:
    texts = []
    for file in sorted(folder.rglob("*.y*ml")):
        try:
            texts.append(decode(file.read_bytes()))
        except ReadError:
            continue
    return texts
