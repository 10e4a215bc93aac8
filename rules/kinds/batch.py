"""batch/v1: Job and CronJob, whose JobSpec stands in many kinds of others, too."""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.runs import Deadlines, Disruption, LoneRetry, Retry, Schedule
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.model import Value
from rules.paths import EACH, Path
from rules.refusals import LOCAL_ZONE, RESTART_POLICIES, ZONE_IN_SCHEDULE, refuse
from rules.type_names import Any

CRON_ROOT: Path = ("spec", "jobTemplate", "spec")
JOB_PRIORS = {Role.TRAINING: 1, Role.BATCH: 1, Role.DATA: 1, Role.SERVING: -6}
MADE_ALONE = "so that one failed pod is recreated alone while the others wait"
JOB_COUNTING = "it bounds the whole Job, all retries included"
_REJECTED = f'the API server refuses this ("{RESTART_POLICIES}"): add restartPolicy: Never'

JOB_ROWS: FactRows = {
    facts.DEADLINE: ("activeDeadlineSeconds",),
    facts.BACKOFF_LIMIT: ("backoffLimit", 6),
    facts.BACKOFF_LIMIT_PER_INDEX: ("backoffLimitPerIndex",),
    facts.MAX_FAILED_INDEXES: ("maxFailedIndexes",),
    facts.POD_FAILURE_POLICY: ("podFailurePolicy",),
    facts.POD_REPLACEMENT_POLICY: ("podReplacementPolicy",),
    facts.SUCCESS_POLICY: ("successPolicy",),
    facts.TTL: ("ttlSecondsAfterFinished",),
    facts.SUSPEND: ("suspend", False),
    facts.MANAGED_BY: ("managedBy",),
    facts.PARALLELISM: ("parallelism", 1),
    facts.COMPLETIONS: ("completions", 1),
    facts.COMPLETION_MODE: ("completionMode", "NonIndexed"),
}
"""A JobSpec. Where ``parallelism`` is written, absent ``completions`` mean any number."""

CRON_ROWS: FactRows = {
    facts.SCHEDULE: ("schedule",),
    facts.TIME_ZONE: ("timeZone",),
    facts.CONCURRENCY_POLICY: ("concurrencyPolicy", "Allow"),
    facts.STARTING_DEADLINE: ("startingDeadlineSeconds",),
    facts.SCHEDULE_SUSPEND: ("suspend", False),
    facts.SUCCESS_HISTORY: ("successfulJobsHistoryLimit", 3),
    facts.FAILED_HISTORY: ("failedJobsHistoryLimit", 1),
    facts.QUEUE: ('jobTemplate.metadata.labels["kueue.x-k8s.io/queue-name"]',),
}
"""A CronJobSpec, batch's or Volcano's. Kueue reads the label of the Jobs that it makes."""


def read_job_restart(job: SpecView, family: str = "batch") -> Restart:
    """The restart policy of a batch/v1 JobSpec; the API requires it to be written.

    Source: ``pkg/apis/batch/validation`` (ValidateJobSpec).
    """
    policy = job.value("template", "spec", "restartPolicy", default="Always")
    return Restart(
        policy,
        "Always",
        family=family,
        safe=True,
        needs_never=find_failure_policy(job),
        note=_REJECTED if policy.value == "Always" else "",
    )


def find_failure_policy(job: SpecView) -> Path | None:
    """Where a batch/v1 JobSpec has a ``podFailurePolicy``: the API server takes one only beside
    restartPolicy Never."""
    return next((policy.path for policy in job.each("podFailurePolicy")), None)


def read_job_retries(job: SpecView, *, left: bool = False) -> Iterator[Retry]:
    """The retry budget of a batch/v1 JobSpec; ``left``: it stands where nobody writes the default
    into it.

    With ``backoffLimitPerIndex`` and ``maxFailedIndexes`` written, the budget is per index and
    ``backoffLimit`` defaults to MaxInt32 (KEP-3850).
    """
    per_index = job.value("backoffLimitPerIndex")
    if not per_index.absent:
        unset = "every index may fail without the Job failing"
        yield Retry(per_index, unset, form="batch")
        yield Retry(job.value("maxFailedIndexes"), unset, form="batch", bound="", counts=False)
        return
    read = job.raw if left else job.value
    yield Retry(
        read("backoffLimit", default=6),
        "the default is 6: up to 7 attempts",
        form="batch",
        preset=3,
    )


def read_job_deadlines(job: SpecView, _pods: Any = ()) -> Deadlines:
    """The wall-clock bound of a batch/v1 JobSpec."""
    whole = job.value("activeDeadlineSeconds")
    inner = job.value("template", "spec", "activeDeadlineSeconds")
    return Deadlines(
        (whole,),
        fix_at=(whole.path,),
        pod_only=None if inner.absent else inner,
        counting=JOB_COUNTING,
    )


_IGNORED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}


def read_job_disruptions(job: SpecView) -> Iterator[Disruption]:
    """A pod failure policy can tell an eviction from a failure (KEP-3329); the API server takes one
    only beside restartPolicy Never."""
    policy = job.value("podFailurePolicy")
    if not tells_disruptions(job):
        yield Disruption(
            policy,
            "so that an eviction counts against backoffLimit like a failure",
            "a first rule {action: Ignore, onPodConditions: [{type: DisruptionTarget}]}",
            changes=tuple(_ignore_evictions(job, policy)) if policy.absent else (),
            safe=job.dig("template", "spec", "restartPolicy") == "Never",
        )


def _ignore_evictions(job: SpecView, policy: Value) -> Iterator[tuple[Value, Any]]:
    """Beside a failure policy the API server takes replacement of failed pods alone, for which it
    writes another default where there is none (``batch/v1/defaults.go``)."""
    yield policy, {"rules": [_IGNORED]}
    key = "podReplacementPolicy"
    if job.dig(key) not in (None, "Failed"):
        yield job.value(key, default="TerminatingOrFailed"), "Failed"


def tells_disruptions(job: SpecView) -> bool:
    """Whether a JobSpec's failure policy has a rule of its own for pods that were evicted."""
    conditions = job.each("podFailurePolicy", "rules", EACH, "onPodConditions", EACH)
    return any(one.dig("type") == "DisruptionTarget" for one in conditions)


def _lone_retries(job: SpecView) -> Iterator[LoneRetry]:
    """A failed pod of several is made anew, the others stay as they are."""
    pods, budget = read_count(job.dig("parallelism")), job.value("backoffLimit", default=6)
    if pods is None or pods < 2 or not budget.number or job.dig("backoffLimitPerIndex") is not None:
        return
    yield LoneRetry(
        budget,
        MADE_ALONE,
        "an operator's job, which restarts all pods together, or an elastic rendezvous",
        ranks_only=True,
    )


def read_job_pods(job: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The pod template of a batch/v1 JobSpec."""
    for template in job.each("template"):
        count = read_count(job.dig("parallelism"))
        yield make_pod(template, restart=read_job_restart(job), replicas=count)


def read_cron_schedule(
    manifest: Manifest,
    zone_inside: str = refuse(ZONE_IN_SCHEDULE),
    local_zone: str = refuse(LOCAL_ZONE),
) -> Schedule:
    """The schedule of a CronJob, batch's or Volcano's: runs may overlap unless it says no.

    Source: ``pkg/apis/batch/validation`` (validateScheduleFormat, validateTimeZone). A deadline
    below ten seconds may let no run start (kubernetes.io: CronJob).
    """
    policy = manifest.value(("spec", "concurrencyPolicy"), "Allow")
    words = {"zone_inside": zone_inside, "local_zone": local_zone}
    return read_schedule(manifest, policy, shortest=10, **words)


def read_schedule(manifest: Manifest, concurrency: Value | None, **known: Any) -> Schedule:
    """A schedule at ``spec.schedule`` that ``spec.suspend`` can hold."""
    suspended = manifest.dig("spec", "suspend") is True
    return Schedule(("spec", "schedule"), concurrency, suspended=suspended, **known)


KINDS: tuple[Kind, ...] = (
    Kind(
        "batch",
        "Job",
        pods=read_job_pods,
        priors=JOB_PRIORS,
        required=(("spec", "template"),),
        rows=((SPEC, JOB_ROWS),),
        retries=read_job_retries,
        deadlines=read_job_deadlines,
        lone_retries=_lone_retries,
        disruptions=read_job_disruptions,
        awaits_sidecars=True,
        plural="jobs",
    ),
    Kind(
        "batch",
        "CronJob",
        root=CRON_ROOT,
        pods=read_job_pods,
        priors=JOB_PRIORS,
        required=(("spec", "schedule"), (*CRON_ROOT, "template")),
        rows=((SPEC, CRON_ROWS), (CRON_ROOT, JOB_ROWS)),
        retries=read_job_retries,
        deadlines=read_job_deadlines,
        lone_retries=_lone_retries,
        disruptions=read_job_disruptions,
        awaits_sidecars=True,
        schedule=read_cron_schedule,
        plural="cronjobs",
    ),
)
