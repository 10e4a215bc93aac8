"""How far a run has come, for a person at a terminal alone."""

import io
from pathlib import Path

import pytest

from linter.cli import main
from linter.commands import progress
from linter.commands.progress import ProgressLine

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        (tmp_path / f"{number}.yaml").write_text(SERVICE)
    return tmp_path


def test_a_long_run_tells_how_far_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0)
    monkeypatch.setattr(ProgressLine.__init__, "__defaults__", (0,))
    out, err = Terminal(), Terminal()
    assert main(["lint", str(folder)], stdout=out, stderr=err) == 0
    said = err.getvalue()
    assert "\r\x1b[Kreading: 0 %\r\x1b[Kreading: 25 %" in said
    assert "judging: 75 %" in said
    shown, _, summary = said.rpartition("\r\x1b[K")
    assert "no findings" in summary
    assert "no findings" not in shown
    assert "%" not in out.getvalue()


@pytest.mark.parametrize("flags", [(), ("--quiet",)])
def test_a_short_run_and_a_quiet_one_tell_nothing(folder: Path, flags: tuple[str, ...]) -> None:
    err = Terminal()
    main(["lint", *flags, str(folder)], stdout=io.StringIO(), stderr=err)
    assert "%" not in err.getvalue()


def test_every_item_is_handed_on() -> None:
    line = ProgressLine(io.StringIO(), begin=0)
    assert list(line.follow("reading", [1, 2, 3])) == [1, 2, 3]
    assert list(line.follow("judging", iter([1, 2, 3]))) == [1, 2, 3]
