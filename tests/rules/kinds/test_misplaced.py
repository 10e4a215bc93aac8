"""The table of fields a level off: each row moves a field to a place that its kind has."""

import pytest

from rules.kinds import BUILT_IN
from rules.kinds.misplaced import Misplacement, misplacements_of
from rules.paths import EACH, dotted

ROWS = [(kind.name, row) for kind in BUILT_IN for row in misplacements_of(kind.group, kind.name)]


def show(value: object) -> str:
    return f"{dotted(value.wrong)}-{min(value.keys)}" if isinstance(value, Misplacement) else ""


def test_twenty_kinds_have_rows_and_others_have_none() -> None:
    assert len({name for name, _ in ROWS}) > 15
    assert misplacements_of("example.com", "Job") == ()


@pytest.mark.parametrize(("_kind", "row"), ROWS, ids=show)
def test_a_row_leads_somewhere_else(_kind: str, row: Misplacement) -> None:
    if row.right is None:
        assert row.fate
        return
    assert row.wraps or row.renamed or row.right != row.wrong
    # EACH stands for the key at the same depth of the wrong place.
    for depth, part in enumerate(row.right):
        assert part != EACH or row.wrong[depth] == EACH


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=show)
def test_no_row_calls_a_place_wrong_that_another_calls_right(kind: str, row: Misplacement) -> None:
    rights = {
        (other.right, other.renamed or key)
        for name, other in ROWS
        if name == kind and other.right is not None and not other.wraps
        for key in other.keys
    }
    assert [key for key in row.keys if (row.wrong, key) in rights] == []
