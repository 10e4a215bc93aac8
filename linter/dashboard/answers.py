"""What the JSON API answers, as its OpenAPI document has it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ActionName = Literal["off", "audit", "warn", "deny"]
ProfileName = Literal["observe", "standard", "strict"]
GroupName = Literal["namespace", "team", "rule", "kind", "role"]
Word = Annotated[str | None, Field(max_length=300)]
ScanOutcome = Literal["whole", "partial", "failed"]
Telling = Annotated[
    str, AfterValidator(lambda text: text.encode(errors="backslashreplace").decode())
]
"""Words from elsewhere, such as the name of a file: half a surrogate pair, which no JSON carries,
is an escape in them."""


class ActionCounts(BaseModel):
    """Findings by what the policy makes of them."""

    deny: int = 0
    warn: int = 0
    audit: int = 0
    excepted: int = 0


class UnreadPart(BaseModel):
    """What a scan could not read, and why."""

    name: Telling
    reason: Telling


class ScanSummary(BaseModel):
    """One scan. A failed one has a ``reason`` and no counts; a partial one tells in ``errors`` what
    it could not read. ``new`` and ``gone`` are findings, held against the scan before it."""

    number: int
    finished: datetime
    seconds: float
    outcome: ScanOutcome
    policy: Telling = ""
    reason: Telling = ""
    counts: ActionCounts | None = None
    objects: int = 0
    at_stake: str = ""
    new: int = 0
    gone: int = 0
    errors: list[UnreadPart] = []


class BoardStatus(BaseModel):
    """How fresh what is shown is. ``scan`` is the one that is shown, ``failure`` the last, where it
    could not take its place."""

    version: str
    now: datetime
    state: Literal["starting", "fresh", "stale"]
    scanning: bool
    next_scan: datetime | None
    interval: float = Field(description="Seconds between scans.")
    team_label: str
    scan: ScanSummary | None
    failure: ScanSummary | None
    simulator: bool = Field(description="Whether what was seen is kept, to be judged again.")
    shown: int = Field(description="Findings in the report; the heaviest, where there are more.")


class FindingGroup(BaseModel):
    """The findings of one namespace, team, rule, kind or role; ``rules`` are its most frequent."""

    name: str
    counts: ActionCounts
    objects: int
    at_stake: str
    rules: list[str]


class FindingQuery(BaseModel):
    """Which findings are asked for. An empty value asks for those that have none."""

    model_config = ConfigDict(extra="forbid")

    action: Word = None
    namespace: Word = None
    team: Word = None
    rule: Word = None
    kind: Word = None
    role: Word = None
    offset: int = Field(default=0, ge=0, le=1_000_000_000)
    limit: int = Field(default=100, ge=1, le=500)


class FindingPage(BaseModel):
    """Some of the findings that were asked for, each as in a JSON report (docs/json.md)."""

    total: int
    offset: int
    findings: list[dict[str, Any]]


class RuleForm(BaseModel):
    """One of a rule's weights: the action in each profile, and what holds now."""

    name: str
    summary: str
    severity: str
    role_gated: bool
    observe: ActionName
    standard: ActionName
    strict: ActionName
    action: ActionName
    source: str


class RuleEntry(BaseModel):
    """A rule in the list."""

    code: str
    name: str
    summary: str
    harm: str
    fix: str
    status: str
    forms: list[RuleForm]
    counts: ActionCounts


class RulePage(RuleEntry):
    """A rule with its page: ``docs`` is Markdown."""

    scope: str
    url: str
    parameters: list[dict[str, Any]]
    docs: str


class ProblemDetail(BaseModel):
    """Why a request is not answered."""

    detail: str


class PolicyChoice(BaseModel):
    """A policy to try out: the one in force with another profile, or other actions of rules."""

    model_config = ConfigDict(extra="forbid")

    profile: ProfileName | None = None
    rules: dict[str, ActionName] = Field(
        default={}, max_length=200, description="A code, or CODE/form, and its action."
    )


class ChangedGroup(BaseModel):
    """A namespace or a form of a rule in which something would change."""

    name: str
    before: ActionCounts
    after: ActionCounts


class ChangedFinding(BaseModel):
    """A finding of which something else would become; ``nothing``: it is not found."""

    before: str
    after: str
    rule: str
    form: str
    file: str
    message: str


class SimulationReport(BaseModel):
    """What would change. ``denied`` counts objects with a denial, before and after."""

    before: ActionCounts
    after: ActionCounts
    denied: tuple[int, int]
    gained: int
    lost: int
    changed: int
    namespaces: list[ChangedGroup]
    rules: list[ChangedGroup]
    changes: list[ChangedFinding] = Field(description="The heaviest of them.")


class Simulation(BaseModel):
    """A policy that is tried out on what the scan ``scan`` saw."""

    number: int
    state: Literal["running", "done", "failed"]
    scan: int
    choice: PolicyChoice
    seconds: float = 0.0
    reason: str = ""
    report: SimulationReport | None = None
