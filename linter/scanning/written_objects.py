"""Objects of a cluster as documents, so that what is found in them has lines and a text."""

import yaml

from linter.input.documents import Entry
from linter.judging.coverage import full_name
from linter.judging.elsewhere import Elsewhere
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.model import ObjectKey
from rules.paths import Path
from rules.reader import Document, read
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.scanning.kept_texts import KeptTexts
    from linter.scanning.survey import Survey
    from rules.reader import Span

_LEFT_OUT = frozenset({"managedFields"})
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's takes a fifth of the time, where it is there."""
_MOST_ASKED = 300
"""Other objects that are read once more to show a place in them: each is a request."""


class ClusterElsewhere(Elsewhere):
    """Finds places in other objects of a cluster, which are read again, since none is held."""

    def __init__(self, survey: "Survey", kept: "KeptTexts") -> None:
        super().__init__(Inventory(), lambda: ())
        self._survey = survey
        self._kept = kept
        self._known: dict[ObjectKey, Entry | None] = {}

    def find(self, key: ObjectKey, path: Path, near: str) -> "tuple[Entry, Span] | None":  # noqa: ARG002 - there is one of each name
        """The object and where ``path`` stands in it; None where it cannot be read, or so many have
        been read already that more would take too long."""
        if key not in self._known:
            if len(self._known) == _MOST_ASKED:
                return None
            self._known[key] = self._look_up(key)
        entry = self._known[key]
        return entry and (entry, entry.document.span(path))

    def _look_up(self, key: ObjectKey) -> Entry | None:
        body = self._survey.find_object(key)
        if body is None:
            return None
        entry, text = write_entry(Manifest(body))
        if entry.file not in self._kept:
            self._kept.add(entry.file, text)
        return entry


def write_entry(manifest: Manifest) -> tuple[Entry, str]:
    """The object as a document, so that findings have lines, and its text."""
    body = {key: value for key, value in manifest.object.items() if key != "status"}
    metadata = manifest.mapping("metadata")
    body["metadata"] = {key: value for key, value in metadata.items() if key not in _LEFT_OUT}
    text = yaml.dump(body, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=10_000)
    (document,) = (one for one in read(text) if isinstance(one, Document))
    return Entry(name_in_cluster(manifest), document, (), manifest.object), text


def name_in_cluster(manifest: Manifest) -> str:
    """``research/Job.batch/train``: the name of a cluster's object in a report."""
    kind = full_name(manifest.group, str(manifest.object.get("kind")))
    parts = (manifest.identity.namespace, kind, manifest.identity.name)
    return "/".join(part for part in parts if part)
