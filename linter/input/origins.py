"""The file that something rendered comes from, as those that render it say.

Sources: Helm ``pkg/action`` (``# Source: CHART/templates/FILE`` above each document), kustomize
``api/resource/origin.go`` (annotation ``config.kubernetes.io/origin`` by ``buildMetadata``).
"""

from rules.lazy_pattern import LazyPattern
from rules.paths import dig
from rules.type_names import Any

HELM_SOURCE = "# Source: "
"""What Helm writes in the first lines of each document that it has rendered."""
HEAD = 1000
"""Characters of a document in which that stands."""

_ORIGIN = "config.kubernetes.io/origin"
_PATH = LazyPattern(r"(?:^|\n)path: *(\S[^\n]*)")
_REPOSITORY = LazyPattern(r"(?:^|\n)repo: ")


def read_helm_source(text: str) -> str | None:
    """The template that a document of Helm's was rendered from: ``CHART/templates/FILE``."""
    start = text.find(HELM_SOURCE, 0, HEAD)
    if start < 0 or (start and text[start - 1] != "\n"):
        return None
    line = text[start + len(HELM_SOURCE) :].partition("\n")[0].strip()
    return line or None


def read_origin(body: Any) -> str | None:
    """The path of the file that an object was written in, from the folder that kustomize built;
    None where it is not said, or is on another host."""
    said = dig(body, ("metadata", "annotations", _ORIGIN))
    if not isinstance(said, str) or _REPOSITORY.search(said):
        return None
    match = _PATH.search(said)
    return match[1].strip() if match else None
