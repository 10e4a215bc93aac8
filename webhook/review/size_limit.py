"""Objects that hold more than any rule can read in time.

The API server takes objects of megabytes, in which tens of thousands of pod templates have room. No
work has a tenth of what is taken here: a Workflow's status outgrows its object before.
"""

from collections.abc import Iterator

from rules.engine import Engine
from rules.kinds.lookups import Ask
from rules.manifest import Manifest
from webhook.review.context import AdmissionCase

MAX_PARTS = 4000
"""Pod templates and their containers together: those of one shape are judged in a quarter of a
second."""
_TEXT_PER_PART = 64
"""Characters of embedded manifests that take as long as a container."""
_DOCUMENT_MARK = "---"
_DEEPEST = 3


def is_oversized(case: AdmissionCase, body: object) -> bool:
    """Whether ``body``, a state of the request's object, has more parts than can be judged."""
    if not isinstance(body, dict):
        return False
    total = 0
    for parts in _count(case.engine, Manifest(body), case.inventory.ask, _DEEPEST):
        total += parts
        if total > MAX_PARTS:
            return True
    return False


def _count(engine: Engine, manifest: Manifest, ask: Ask, depth: int) -> Iterator[int]:
    """Count the parts of an object step by step, so that the caller can stop early."""
    kind = engine.kind_of(manifest)
    if kind is None:
        return
    view = kind.view(manifest)
    for pod in kind.pods(view, ask):
        yield 1 + len(pod.containers)
    for inner in kind.inner(view):
        found = manifest.dig(*inner.path)
        if isinstance(found, str):
            # However short they are, documents take as long as containers.
            yield 1 + len(found) // _TEXT_PER_PART + found.count(_DOCUMENT_MARK)
        elif isinstance(found, dict) and depth > 0:
            yield 1
            yield from _count(engine, Manifest(found), ask, depth - 1)
