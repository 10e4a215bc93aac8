"""The judge of ignores, be they annotations or comments: what they suppress, and their faults."""

from collections.abc import Collection, Hashable, Iterable, Iterator

from rules.model import Action, Finding
from rules.policy.ignores import Ignore
from rules.record import NamedTuple

_CRASHED = "MLG005"
"""A crashed rule has not passed: nothing ignores that."""


class IgnoreProblem(NamedTuple):
    """Something to report about the ignore ``number``: the rule (MLG...) and its message, and the
    codes in it that suppress nothing."""

    number: int
    code: str
    message: str
    unused: tuple[str, ...] = ()


class Suppressor:
    """The ignores of one text or object, asked about each of its findings.

    ``expected`` shows how an ignore is written there, ``malformed`` is the rule that reports one
    which cannot be read.
    """

    def __init__(self, ignores: Iterable[Ignore], *, expected: str, malformed: str) -> None:
        self._ignores = tuple(ignores)
        self._expected = expected
        self._malformed = malformed
        self._used: set[tuple[int, str]] = set()
        # By what a finding is looked up with: an object may hold thousands of ignores.
        self._first: dict[tuple[str, Hashable], int] = {}
        for number, ignore in enumerate(self._ignores):
            for code in () if ignore.problem else ignore.codes:
                for place in ignore.scope:
                    self._first.setdefault((code, place), number)

    def find(self, rule: str, form: str, places: Iterable[Hashable]) -> Ignore | None:
        """The first ignore that names the rule or the form, at one of the ``places`` of a finding.
        It counts as used from then on."""
        if rule == _CRASHED:
            return None
        keys = [(code, place) for place in places for code in (rule, f"{rule}/{form}")]
        found = [(self._first[key], key[0]) for key in keys if key in self._first]
        if not found:
            return None
        used = min(found)
        self._used.add(used)
        return self._ignores[used[0]]

    def problems(self, judged: Collection[str]) -> Iterator[IgnoreProblem]:
        """What is wrong with the ignores, once ``find`` has seen every finding. ``judged`` are the
        codes of the rules that ran: an ignore of another one may well be needed."""
        for number, ignore in enumerate(self._ignores):
            if ignore.problem is not None:
                yield IgnoreProblem(number, self._malformed, ignore.problem)
                continue
            unused = tuple(code for code in ignore.codes if self._is_unused(number, code, judged))
            if unused:
                text = f"the ignore of {', '.join(unused)} suppresses nothing"
                yield IgnoreProblem(number, "MLG003", text, unused)
            if not ignore.reason:
                names = ", ".join(ignore.codes)
                text = f"the ignore of {names} gives no reason; expected {self._expected}"
                yield IgnoreProblem(number, "MLG004", text)

    def _is_unused(self, number: int, code: str, judged: Collection[str]) -> bool:
        return (number, code) not in self._used and code.partition("/")[0] in judged


def cap_at_warn(finding: Finding, ignore: Ignore) -> Finding:
    """What is left of a finding where an ignore takes no more than the denial away."""
    would = tuple(Action.WARN if one is Action.DENY else one for one in finding.would)
    finding = finding._replace(would=would)
    if finding.action is not Action.DENY:
        return finding
    note = f"ignored, capped at warn: {ignore.reason}"
    return finding._replace(action=Action.WARN, note=note, ignored=True)
