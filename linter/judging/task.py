"""What a run is to do with each file, and the engine that does it."""

from linter.input.sources import STDIN
from rules.declaration import Declaration
from rules.engine import Engine
from rules.inventory import Inventory
from rules.kinds import IN_FILES
from rules.model import Rule
from rules.policy.values import Policy
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable

    from linter.judging.file_policies import FilePolicies
    from linter.row_types import FindingRow


_AT_LEAST = {
    "low": frozenset({"low", "medium", "high"}),
    "medium": frozenset({"medium", "high"}),
    "high": frozenset({"high"}),
}


class Task(NamedTuple):
    """What is to be done with each file. ``today`` is the day on which exceptions are judged (None:
    the clock's, where one of them ends), ``unwanted`` the forms (``CODE/form``) that are not asked
    for, ``least_confidence`` the least that is, ``complete`` that what is not in the input does not
    exist. ``progress`` hands on the items of a phase, and shows how many are done."""

    policy: Policy
    today: "datetime.date | None"
    rules: tuple[Declaration | Rule, ...]
    unwanted: frozenset[str] = frozenset()
    least_confidence: str = "low"
    flag_profile: str | None = None
    namespace: str | None = None
    complete: bool = False
    hook: bool = False
    ignores: bool = True
    roles: bool = False
    passed: bool = False
    policies: "FilePolicies | None" = None
    progress: "Callable[[str, Iterable[Any]], Iterable[Any]] | None" = None

    def find_day(self, policy: Policy) -> "datetime.date | None":
        """The day on which a policy's exceptions are judged; None where none of them ends."""
        if self.today is None and any(one.expires for one in policy.exceptions):
            from linter.judging.settings import find_today

            return find_today()
        return self.today

    def follow(self, phase: str, items: "Iterable[Any]") -> "Iterable[Any]":
        """The items of a phase of a run."""
        return items if self.progress is None else self.progress(phase, items)

    def wants(self, row: "FindingRow") -> bool:
        """Whether the finding's form and confidence were asked for; a crash is, in any case."""
        return row["rule"] == "MLG005" or (
            row["confidence"] in _AT_LEAST[self.least_confidence]
            and f"{row['rule']}/{row['form']}" not in self.unwanted
        )

    def find_policy_of(self, file: str) -> Policy:
        """The policy that holds for a file; ``policy`` holds where no file is meant."""
        if self.policies is None or file == STDIN:
            return self.policy
        return self.policies.find(file)


class FileEngines:
    """Engines on one inventory, made when a file asks for one."""

    def __init__(self, task: Task, inventory: Inventory) -> None:
        self._task = task
        self._inventory = inventory
        self._made: dict[Policy, Engine] = {}

    def find(self, file: str) -> Engine:
        """The engine that judges a file."""
        policy = self._task.find_policy_of(file)
        if policy not in self._made:
            self._made[policy] = self._make(policy)
        return self._made[policy]

    def _make(self, policy: Policy) -> Engine:
        task = self._task
        return Engine(
            policy,
            self._inventory,
            task.find_day(policy),
            rules=task.rules,
            flag_profile=task.flag_profile,
            ignores="allow" if task.ignores else "forbid",
            kinds=IN_FILES,
        )
