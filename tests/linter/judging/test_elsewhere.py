"""Places in other objects: found in the document that they stand in, and never made up."""

from pathlib import Path

import pytest

from linter.input.documents import Entry, read_contents
from linter.judging.elsewhere import Elsewhere, source_of
from linter.judging.rows import make_row
from rules.inventory import Inventory
from rules.kinds.neighbours import CLAIM
from rules.manifest import Manifest
from rules.model import Action, Confidence, Finding, ObjectKey, Related, Severity

WORK = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: work}
spec:
  accessModes: [ReadWriteOnce]
"""
LISTED = """\
# several
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: {name: work}
  spec:
    accessModes: [ReadWriteOnce]
"""
KEY = ObjectKey("", "PersistentVolumeClaim", "", "work")
MODES = ("spec", "accessModes")


def read_entries(file: Path) -> list[Entry]:
    return list(read_contents(str(file), file.read_text()).entries)


def hold(*entries: Entry) -> Inventory:
    """What every process knows of these."""
    inventory = Inventory()
    for entry in entries:
        inventory.add(Manifest(entry.body), CLAIM, source_of(entry))
    other = Inventory()
    other.merge(inventory.rows())
    return other


@pytest.mark.parametrize("own", [True, False], ids=["of this process", "of another"])
@pytest.mark.parametrize(("text", "line"), [(WORK, 5), (f"a: 1\n---\n{WORK}", 7), (LISTED, 9)])
def test_the_place_is_in_the_other_document(
    tmp_path: Path, text: str, line: int, *, own: bool
) -> None:
    file = tmp_path / "claim.yaml"
    file.write_text(text)
    entries = read_entries(file)
    elsewhere = Elsewhere(hold(*entries), lambda: entries if own else [])
    found = elsewhere.find(KEY, MODES, near="server.yaml")

    assert found is not None
    entry, span = found
    assert (entry.file, span.line) == (str(file), line)


def test_of_two_the_one_in_the_same_file_is_meant(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.yaml", "b.yaml")]
    for file in files:
        file.write_text(WORK)
    entries = [entry for file in files for entry in read_entries(file)]
    elsewhere = Elsewhere(hold(*entries), list)

    for near in files:
        found = elsewhere.find(KEY, MODES, str(near))
        assert found is not None
        assert found[0].file == str(near)
    assert (elsewhere.find(KEY, MODES, "c.yaml") or [None])[0] is not None


def test_of_two_elsewhere_the_one_nearest_is_meant(tmp_path: Path) -> None:
    files = [tmp_path / name / "claim.yaml" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        file.write_text(WORK)
    entries = [entry for file in files for entry in read_entries(file)]
    found = Elsewhere(hold(*entries), list).find(KEY, MODES, str(tmp_path / "b" / "server.yaml"))

    assert found is not None
    assert found[0].file == str(files[1])


def test_what_is_not_at_hand_has_no_place(tmp_path: Path) -> None:
    file = tmp_path / "claim.yaml"
    file.write_text(WORK)
    inventory = hold(*read_entries(file))
    file.unlink()

    assert Elsewhere(inventory, list).find(KEY, MODES, "") is None
    assert Elsewhere(Inventory(), list).find(KEY, MODES, "") is None


def test_a_row_shows_the_other_object(tmp_path: Path) -> None:
    file = tmp_path / "claim.yaml"
    file.write_text(WORK)
    entries = read_entries(file)
    here = entries[0]._replace(file="server.yaml")
    finding = Finding(
        rule="STO003",
        form="rolling",
        name="rwo-claim-with-rolling-update",
        severity=Severity.WARNING,
        action=Action.WARN,
        confidence=Confidence.HIGH,
        role=None,
        path=("spec",),
        object=Manifest(here.body).identity,
        message="waits",
        fingerprint="mark",
        related=(
            Related(("kind",), "of its own"),
            Related(MODES, "one node", KEY),
            Related(MODES, "nowhere", KEY._replace(name="other")),
        ),
    )
    own, other = make_row(finding, here, Elsewhere(hold(*entries), lambda: entries))["related"]

    assert (own["file"], own["line"], "object" in own) == ("server.yaml", 2, False)
    assert (other["file"], other["line"], other["path"]) == (str(file), 5, MODES)
    assert other["object"]["kind"] == "PersistentVolumeClaim"
