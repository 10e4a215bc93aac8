"""What a run is to do with each file."""

from typing import TYPE_CHECKING

from linter.input.sources import STDIN
from rules.declaration import Declaration
from rules.model import Rule
from rules.policy.values import Policy
from rules.record import NamedTuple

if TYPE_CHECKING:
    import datetime

    from linter.judging.file_policies import FilePolicies


class Task(NamedTuple):
    """What is to be done with each file. ``today`` is the day on which exceptions are judged,
    ``unwanted`` the forms (``CODE/form``) that are not asked for, ``least_confidence`` the least
    that is, ``complete`` that what is not in the input does not exist."""

    policy: Policy
    today: "datetime.date"
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

    def find_policy_of(self, file: str) -> Policy:
        """The policy that holds for a file; ``policy`` holds where no file is meant."""
        if self.policies is None or file == STDIN:
            return self.policy
        return self.policies.find(file)

    def list_policies(self) -> list[Policy]:
        """All that may hold for something."""
        return [self.policy] if self.policies is None else self.policies.list_policies()
