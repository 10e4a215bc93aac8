"""The small values that pass between the engine's parts."""

from collections.abc import Callable, Iterator, Mapping
from math import inf

from rules.closed_set import StrEnum
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias


class Presence(StrEnum):
    """How a value came to be where it is.

    ``DEFAULTED``: admitted objects only; the value equals the API server's default and nothing
    tells whether somebody wrote it. ``UNKNOWN``: a template or variable stands there.
    """

    WRITTEN = "written"
    DEFAULTED = "defaulted"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Value(NamedTuple):
    """A value with its presence and the path it has, or would have. ``before`` is what stood there
    before an update put the API server's default in its place."""

    path: Path
    value: Any = None
    presence: Presence = Presence.ABSENT
    before: Any = None

    @property
    def written(self) -> bool:
        return self.presence is Presence.WRITTEN

    @property
    def absent(self) -> bool:
        return self.presence is Presence.ABSENT

    @property
    def defaulted(self) -> bool:
        return self.presence is Presence.DEFAULTED

    @property
    def unwritten(self) -> bool:
        """Whether nobody is known to have written it."""
        return self.absent or self.defaulted

    @property
    def unknown(self) -> bool:
        return self.presence is Presence.UNKNOWN

    @property
    def number(self) -> int | float | None:
        """The value, where it is a finite number; true and false are none."""
        return found if type(found := self.value) in (int, float) and -inf < found < inf else None


class Severity(StrEnum):
    """How sure the harm is. It orders and colours, nothing else."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Action(StrEnum):
    """What the policy makes of a finding."""

    DENY = "deny"
    WARN = "warn"
    AUDIT = "audit"
    OFF = "off"
    EXCEPTED = "excepted"


class Confidence(StrEnum):
    """How sure a role is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Harm(StrEnum):
    """What becomes of a workload that breaks a rule; pages on rules are grouped by it."""

    LOSES_WORK = "loses work"
    NEVER_STARTS = "never starts"
    WASTES_ACCELERATORS = "wastes accelerators"
    SERVES_ERRORS = "serves errors"
    LEAKS = "leaks"
    UNJUDGED = "is not judged as meant"
    UNWANTED = "breaks an organisation's own rules"


class Set(NamedTuple):
    """Put ``value`` at ``path``; missing parents are made, index = length appends."""

    path: Path
    value: Any


class Remove(NamedTuple):
    """Take away what stands at ``path``."""

    path: Path


Edit: TypeAlias = Set | Remove


class Fix(NamedTuple):
    """What mends a problem. Unsafe: a person must own the number or the semantics.

    ``presence`` is that of what the edits write over. It has no default, lest a fix forget it:
    ``rules.wording`` takes it from the values that a rule read.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool
    presence: Presence

    @property
    def absent(self) -> bool:
        """Whether nobody wrote anything there, so that the webhook may make the edits."""
        return self.presence is Presence.ABSENT

    @property
    def unwritten(self) -> bool:
        """Whether nobody is known to have written it."""
        return self.absent or self.presence is Presence.DEFAULTED


class ObjectKey(NamedTuple):
    """What tells an object from all others, whatever its version; "" where there is no group, or
    no namespace."""

    group: str
    kind: str
    namespace: str
    name: str


class Related(NamedTuple):
    """A second place that a problem speaks of: in the same object, or at ``path`` of another,
    ``object``."""

    path: Path
    message: str
    object: ObjectKey | None = None


class Problem(NamedTuple):
    """What a check yields: where, in which form, and how to mend it.

    ``role_path`` is the pod template whose role the check relied on; None: the object's role.
    ``related`` names further places of the same problem. ``severity`` and ``confidence`` replace
    the form's and the role's where the check knows better. ``degree`` grows with the harm, to be
    held against that of the same problem in another state of the object. ``gpu_hours`` are those
    at stake, infinite where nothing bounds them; None where nothing is, or that is not known.
    """

    form: str
    path: Path
    message: str
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    role_path: Path | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    degree: float = 1.0
    gpu_hours: float | None = None


class Form(NamedTuple):
    """One of a rule's weights: severity, and the action in each profile (observe is all audit)."""

    name: str
    severity: Severity
    standard: Action
    strict: Action
    summary: str
    role_gated: bool = True


def form_table(rows: str, *, role_gated: bool = True) -> tuple[Form, ...]:
    """Forms from lines of name, severity, action in ``standard``, action in ``strict``, summary."""
    return tuple(_read_form(row, role_gated=role_gated) for row in rows.strip().splitlines())


def _read_form(row: str, *, role_gated: bool) -> Form:
    name, severity, standard, strict, summary = row.split(None, 4)
    return Form(name, Severity(severity), Action(standard), Action(strict), summary, role_gated)


class Parameter(NamedTuple):
    """A value that a policy may set beside the rule's action; its type is the default's.

    ``choices``: what it may be. ``regex``: it, or each of its values, is a regular expression.
    ``like`` shows keys and types of what is empty until it is set, ``free_keys``: any keys will do.
    ``kinds``: its items name kinds."""

    name: str
    summary: str
    default: Any
    choices: tuple[str, ...] = ()
    regex: bool = False
    like: Any = None
    free_keys: bool = False
    kinds: bool = False


Check: TypeAlias = Callable[[Any, Mapping[str, Any]], Iterator[Problem]]
"""(workload, parameters) -> problems."""


class Rule(NamedTuple):
    """One thing a user may want to switch off.

    ``docs`` is the module's docstring: What / Why / Example / Use instead / Fix safety /
    References. ``fix`` tells what fixes the rule can carry: "safe", "unsafe", "sometimes", "none".
    ``reads`` are the fields of ``Kind``, or facts, of which the check needs one to find anything; a
    rule without any goes along wherever another rule looks. ``roles`` are those of which some pod
    template must have one, None for any or no template; ``accelerated``: some pod must ask for an
    accelerator. An object that lacks what is declared here is never shown to the check.
    """

    code: str
    name: str
    harm: Harm
    forms: tuple[Form, ...]
    check: Check | None
    docs: str
    fix: str = "none"
    scope: str = "every object"
    reads: tuple[str, ...] = ("pods",)
    roles: frozenset[str] | None = None
    accelerated: bool = False
    parameters: tuple[Parameter, ...] = ()
    status: str = "stable"

    def form(self, name: str) -> Form:
        return {form.name: form for form in self.forms}[name]

    @property
    def summary(self) -> str:
        return self.docs.strip().splitlines()[0]


class Identity(NamedTuple):
    """What an object calls itself."""

    api_version: str
    kind: str
    namespace: str | None
    name: str | None


class Embedded(NamedTuple):
    """The object inside another: its identity, and the path inside it.

    ``text``: it stands in a string, as that string's document ``number``; the finding's own path
    then ends at the string, and the paths of its fix and its related places go on inside.
    """

    api_version: str
    kind: str
    name: str | None
    path: Path
    text: bool = True
    number: int = 0


class Finding(NamedTuple):
    """A problem with the rule that saw it and the decision about it. A path, never a line."""

    rule: str
    form: str
    name: str
    severity: Severity
    action: Action
    confidence: Confidence
    role: str | None
    path: Path
    object: Identity
    message: str
    fingerprint: str
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    embedded: Embedded | None = None
    note: str | None = None  # why the decision is not the profile's: an exception's reason, say
    degree: float = 1.0
    ignored: bool = False  # an annotation took its denial away
    gpu_hours: float | None = None
    expired: str = ""  # an exception that would fit, and is past its last day
    would: tuple[Action, ...] = ()  # where ``observe`` holds: what the other profiles would do
