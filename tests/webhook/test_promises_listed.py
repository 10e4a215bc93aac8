"""docs/webhook-promises.md tells of every promise, and of no test that is not there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/webhook-promises.md").read_text()


def test_all_are_listed() -> None:
    listed = [int(one) for one in re.findall(r"^\| [A-IK](\d+) \|", PAGE, re.MULTILINE)]
    assert len(listed) > 80
    assert listed == sorted(set(listed))


def test_each_named_test_is_there_and_each_numbered_test_named() -> None:
    source = "".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)\(", source, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named <= there
    assert {one for one in there if re.match(r"test_[a-ik]\d{2,3}_", one)} <= named
