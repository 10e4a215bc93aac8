"""Both composers make the same of a text, and the compiled one is asked first."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rules import composition
from rules.composed import Composed, Limits, UnreadableError
from rules.reader import Document, read
from tests.manifests import CASES
from tests.rules.odd_yaml import list_hostile, make_text

LIMITS = Limits()
SEEDS = [path.read_text() for path in sorted(CASES.rglob("*.yaml"))]
built = pytest.mark.skipif(
    "compiled" not in composition.READERS, reason="the compiled reader is not built"
)


def compose(text: str, limits: Limits = LIMITS) -> Composed | tuple[int, str]:
    """What the reader in use makes of a text; an error as its index and reason."""
    try:
        found = composition.compose(text, limits)
    except UnreadableError as error:
        return error.index, error.reason
    return found._replace(duplicates=tuple(found.duplicates))


def agree(monkeypatch: pytest.MonkeyPatch, text: str, limits: Limits = LIMITS) -> None:
    """Types and order are compared too. Where there is one reader only, it must not crash."""
    answers = set()
    for reader in composition.READERS:
        monkeypatch.setattr(composition, "reader", reader)
        answers.add(repr(compose(text, limits)))
    assert len(answers) == 1


@pytest.fixture
def plain() -> Callable[[str], Any]:
    """The compiled composer alone, which answers None for what is not plain."""
    found = composition.READERS["compiled"]
    assert found is not None
    return lambda text: found(text, LIMITS.depth, LIMITS.events)


@pytest.mark.parametrize("numbers", [range(start, start + 200) for start in range(0, 2000, 200)])
def test_random_texts(numbers: range, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in numbers:
        agree(monkeypatch, make_text(number, SEEDS))


@pytest.mark.parametrize("name", list_hostile(0, 0))
def test_hostile_texts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(monkeypatch, list_hostile(10_000, 100_000)[name])


@pytest.mark.parametrize("depth", range(1, 6))
@pytest.mark.parametrize("events", range(3, 14))
def test_limits(depth: int, events: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("a: {b: [[1]]}", "- [{a: 1}]\n- {b: [], c: 1}", "[[[[1]]]]", "a: 1\nb: 2"):
        agree(monkeypatch, text, Limits(depth, 10, events))


@built
def test_manifests_are_plain(plain: Callable[[str], Any]) -> None:
    """All but those that say something rare."""
    rare = ("&", "<<", " !", "\\/")
    found = [one for text in SEEDS for one in read(text) if isinstance(one, Document)]
    texts = [one.text for one in found if one.value is not None and not one.duplicates]
    left = [text for text in texts if plain(text) is None]
    assert [text for text in left if not any(mark in text for mark in rare)] == []
    assert len(left) < len(texts) / 10


@built
@pytest.mark.parametrize(
    "text",
    [
        *("", "# c\n", "a: &x 1", "&x a: 1", "- &x [1]", "&x {a: 1}", "a: *x", "a: !!str 1"),
        *("a: ! 12", "- ! '12'", "!x {a: 1}", "- !!seq [1]", "<<: {a: 1}", "1: a", "yes: a"),
        *("~: 1", ".inf: 1", "a: .inf", "- -.INF", "a: .nan", "a: 1\na: 2", "? [1]\n: 2"),
        *("%YAML 1.1\n---\na: 1", "\ufeffa: 1", 'a: "x\\/y"', "a: b: c", "a: \0", "[" * 201),
    ],
)
def test_rare_texts_are_left_to_the_other(text: str, plain: Callable[[str], Any]) -> None:
    assert plain(text) is None


@built
def test_whatever_goes_wrong_the_other_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise MemoryError

    monkeypatch.setitem(composition.READERS, "compiled", break_down)
    monkeypatch.setattr(composition, "reader", "compiled")
    assert composition.compose("a: 1", LIMITS).value == {"a": 1}


def test_without_the_compiled_one_everything_is_read() -> None:
    program = (
        "import sys; sys.modules['rules.compiled'] = None\n"
        "from rules import composition\n"
        "assert list(composition.READERS) == ['pure'] and composition.reader == 'pure'\n"
        "assert composition.compose('a: 1', composition.Limits()).value == {'a': 1}\n"
        "assert composition.describe().startswith('pure (')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


@built
def test_a_plain_text_is_read_without_pyyaml() -> None:
    program = (
        "import sys\n"
        "from rules.reader import read\n"
        "assert [one.value for one in read('a: 1\\n---\\nb: 2')] == [{'a': 1}, {'b': 2}]\n"
        "assert 'yaml' not in sys.modules\n"
        "assert [one.value for one in read('a: &x 1\\nb: *x')] == [{'a': 1, 'b': 1}]\n"
        "assert 'yaml' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
