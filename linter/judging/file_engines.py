"""The engine for each file: one for each policy that holds for some file."""

from linter.judging.task import Task
from rules.engine import Engine
from rules.inventory import Inventory
from rules.kinds import IN_FILES
from rules.policy.values import Policy


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
            task.today,
            rules=task.rules,
            flag_profile=task.flag_profile,
            ignores="allow" if task.ignores else "forbid",
            kinds=IN_FILES,
        )
