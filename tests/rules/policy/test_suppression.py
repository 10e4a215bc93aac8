"""The judge of ignores, whatever they were read from."""

from rules.policy.ignores import Ignore
from rules.policy.suppression import IgnoreProblem, Suppressor

JUDGED = {"AAA001", "BBB002", "MLG005"}


def suppressor(*ignores: Ignore) -> Suppressor:
    return Suppressor(ignores, expected="CODE=reason", malformed="MLG006")


def messages(judge: Suppressor) -> list[str]:
    return [problem.message for problem in judge.problems(JUDGED)]


def test_an_ignore_covers_its_codes_at_its_places() -> None:
    judge = suppressor(Ignore(("AAA001", "BBB002/hard"), "why", ("here", "there")))
    assert judge.find("AAA001", "soft", ["elsewhere", "there"]) is not None
    assert judge.find("BBB002", "hard", ["here"]) is not None
    assert judge.find("BBB002", "soft", ["here"]) is None
    assert judge.find("AAA001", "soft", ["elsewhere"]) is None
    assert messages(judge) == []


def test_the_first_of_several_counts_and_the_rest_suppress_nothing() -> None:
    first, second = Ignore(("AAA001",), "one", ("b",)), Ignore(("AAA001/soft",), "two", ("a",))
    judge = suppressor(first, second)
    assert judge.find("AAA001", "soft", ["a", "b"]) == first
    assert messages(judge) == ["the ignore of AAA001/soft suppresses nothing"]


def test_a_later_one_counts_where_it_alone_covers() -> None:
    judge = suppressor(Ignore(("AAA001",), "one", ("a",)), Ignore(("AAA001",), "two", ("a", "b")))
    assert judge.find("AAA001", "soft", ["a"]) == Ignore(("AAA001",), "one", ("a",))
    assert judge.find("AAA001", "soft", ["b"]) == Ignore(("AAA001",), "two", ("a", "b"))
    assert messages(judge) == []


def test_an_ignore_tells_all_its_unused_codes_at_once() -> None:
    judge = suppressor(Ignore(("AAA001", "BBB002", "BBB002/hard", "CCC003"), "why", ("a",)))
    judge.find("AAA001", "soft", ["a"])
    (problem,) = judge.problems(JUDGED)
    assert problem[:3] == (0, "MLG003", "the ignore of BBB002, BBB002/hard suppresses nothing")
    assert problem.unused == ("BBB002", "BBB002/hard")


def test_an_ignore_without_a_reason_counts() -> None:
    judge = suppressor(Ignore(("AAA001",), "", ("a",)))
    assert judge.find("AAA001", "soft", ["a"]) is not None
    text = "the ignore of AAA001 gives no reason; expected CODE=reason"
    assert list(judge.problems(JUDGED)) == [IgnoreProblem(0, "MLG004", text)]


def test_one_with_a_problem_ignores_nothing() -> None:
    judge = suppressor(Ignore(("AAA001",), "", ("a",), "unreadable"))
    assert judge.find("AAA001", "soft", ["a"]) is None
    assert list(judge.problems(JUDGED)) == [IgnoreProblem(0, "MLG006", "unreadable")]


def test_nothing_ignores_a_crash() -> None:
    judge = suppressor(Ignore(("MLG005",), "why", ("a",)))
    assert judge.find("MLG005", "crashed", ["a"]) is None
    assert messages(judge) == ["the ignore of MLG005 suppresses nothing"]
