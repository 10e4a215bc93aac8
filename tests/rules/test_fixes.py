"""Every fix of every rule's cases says truly whether somebody wrote where it writes."""

import pytest

from rules.model import Presence, Set
from rules.paths import dig
from tests.manifests import Case, find, read_cases

NOTHING = (None, "")
"""What the API server takes for not written."""
UNSET = {"MiniCluster": (0,)}
"""What operators do, by kind."""

FIXED = [
    case
    for case in read_cases()
    if case.bad and any(one.finding.fix for one in find(case.text, case.policy))
]


@pytest.mark.parametrize("case", FIXED, ids=lambda case: case.name)
def test_a_fix_is_of_an_absent_value_or_of_a_written_one(case: Case) -> None:
    for document, finding, _ in find(case.text, case.policy):
        fix = finding.fix
        if fix is None or (finding.embedded and finding.embedded.text):
            continue
        nothing = (*NOTHING, *UNSET.get(document.value["kind"], ()))
        free = [
            isinstance(edit, Set) and dig(document.value, edit.path) in nothing
            for edit in fix.edits
        ]

        assert fix.absent == all(free), finding.message
        assert fix.presence in (Presence.ABSENT, Presence.WRITTEN), "a file has no defaults"
