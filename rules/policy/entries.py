"""The entries of a policy's lists: kinds, namespaces, exceptions."""

from collections.abc import Mapping
from datetime import date

from rules.model import Action
from rules.paths import Path
from rules.record import NamedTuple
from rules.selectors import Selector
from rules.type_names import Any


class CustomKind(NamedTuple):
    """A kind of one's own: where its pod templates stand (``*`` for each item), and its role."""

    group: str
    name: str
    templates: tuple[Path, ...]
    role: str | None = None


class NamespaceEntry(NamedTuple):
    """What holds in the namespaces that ``name`` (a glob) and ``labels`` both fit. ``values`` are
    the parameters that it states for a code."""

    name: str | None = None
    labels: Selector | None = None
    profile: str | None = None
    rules: Mapping[str, Action] = {}
    ignores: str | None = None
    values: Mapping[str, Mapping[str, Any]] = {}


class PathEntry(NamedTuple):
    """What holds in the files that one of ``match`` fits: patterns of .gitignore, from the policy's
    folder. ``values`` are the parameters that it states for a code."""

    match: tuple[str, ...]
    profile: str | None = None
    rules: Mapping[str, Action] = {}
    values: Mapping[str, Mapping[str, Any]] = {}


class ExceptionEntry(NamedTuple):
    """Objects that some rules leave alone. All that is given must fit.

    ``rules`` are codes or ``CODE/form``. ``expires`` is the last day on which it counts.
    ``container`` fits what is found in a container of such a name, and nothing else.
    """

    rules: frozenset[str]
    reason: str
    owner: str
    expires: date | None = None
    namespace: str | None = None
    kind: str | None = None
    name: str | None = None
    labels: Selector | None = None
    container: str | None = None
