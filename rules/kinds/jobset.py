"""JobSet (jobset.x-k8s.io), also as the template of Kubeflow's training runtimes.

Source: kubernetes-sigs/jobset ``api/jobset/v1alpha2`` and ``pkg/webhooks/jobset_webhook.go``,
which writes ``restartPolicy: OnFailure`` where nothing is written.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.batch import (
    JOB_ROWS,
    MADE_ALONE,
    find_failure_policy,
    read_job_retries,
    tells_disruptions,
)
from rules.kinds.lookups import Ask
from rules.kinds.mpi import make_agent_restart, runs_only_sshd
from rules.kinds.pods import Pod, Removal, Restart, Volume
from rules.kinds.podspec import claim_templates, make_pod, read_count
from rules.kinds.roles import ANCESTOR_STEP, INITIALIZERS, TRAINER, Role, Subrole
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows, left_to_controller
from rules.kinds.runs import Deadlines, Disruption, LoneRetry, Retry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path, dotted
from rules.record import NamedTuple
from rules.type_names import Any

_SUBROLES = {
    "launcher": Subrole.LAUNCHER,
    "node": Subrole.WORKER,
    "worker": Subrole.WORKER,
    "workers": Subrole.WORKER,
}
_NOTE = (
    "JobSet writes OnFailure where nothing is written; with Never, a child's backoffLimit: 0 and "
    "failurePolicy.maxRestarts restart all ranks together"
)


_ROWS: FactRows = {
    facts.MAX_RESTARTS: ("failurePolicy.maxRestarts", 0),
    facts.FAILURE_RULES: ("failurePolicy.rules",),
    facts.RESTART_STRATEGY: ("failurePolicy.restartStrategy", "Recreate"),
    facts.SUCCESS_POLICY: ("successPolicy",),
    facts.TTL: ("ttlSecondsAfterFinished",),
    facts.SUSPEND: ("suspend", False, CONTROLLER),
    facts.MANAGED_BY: ("managedBy",),
    facts.SUBDOMAIN: ("network.subdomain",),
    facts.PUBLISH_NOT_READY: ("network.publishNotReadyAddresses", True),
}
_REPLICATED: FactRows = {facts.REPLICAS: ("replicas", 1)}
_CHILD: FactRows = {
    **left_to_controller(JOB_ROWS),
    facts.COMPLETION_MODE: ("completionMode", "Indexed"),
}
"""A child's JobSpec, in which the webhook writes nothing but the mode."""
_CLAIMS: FactRows = {
    facts.CLAIM_TEMPLATES: ("templates",),
    facts.CLAIM_WHEN_DELETED: ("retentionPolicy.whenDeleted", "Delete"),
}


def jobset_places(root: Path) -> FactPlaces:
    """Where the facts of the JobSetSpec at ``root`` stand, and those of its children."""
    child = (*root, "replicatedJobs", EACH)
    return (
        (root, _ROWS),
        (child, _REPLICATED),
        ((*child, "template", "spec"), _CHILD),
        ((*root, "volumeClaimPolicies", EACH), _CLAIMS),
    )


class Child(NamedTuple):
    """One replicated job; ``step`` is what it does for a TrainJob, empty where none is said."""

    name: str
    step: str
    view: SpecView

    @property
    def job(self) -> SpecView:
        """Its batch/v1 JobSpec."""
        return self.view.below("template", "spec")

    @property
    def initializes(self) -> bool:
        return self.step in INITIALIZERS


def read_children(jobset: SpecView) -> list[Child]:
    """The replicated jobs of a JobSetSpec."""
    return [_child(job) for job in jobset.each("replicatedJobs", EACH)]


def _child(job: SpecView) -> Child:
    """A job of an initializer's name is one, label or not (trainer ``constants.go``)."""
    name = str(job.dig("name") or "")
    label = job.dig("template", "metadata", "labels", ANCESTOR_STEP)
    step = label if isinstance(label, str) else name if name in INITIALIZERS else ""
    return Child(name, step, job)


def read_jobset_pods(jobset: SpecView, _ask: Ask, **known: Any) -> Iterator[Pod]:
    """The pod template of each replicated job. Where jobs say which of them trains, that one
    holds the outputs; else any may."""
    children = read_children(jobset)
    labelled = any(child.step == TRAINER for child in children)
    volumes = tuple(_claims(jobset))
    for child in children:
        for template in child.job.each("template"):
            yield make_pod(
                template,
                name=child.name,
                subrole=_subrole(child),
                restart=_restart(jobset, child, template),
                replicas=_count(child),
                writer=child.step == TRAINER if labelled else not child.initializes,
                role=Role.DATA if child.initializes else None,
                volumes=volumes,
                **known,
            )


def read_jobset_retries(jobset: SpecView) -> Iterator[Retry]:
    """The JobSet's restarts and the budget of each child that is no initializer.

    InPlaceRestart needs children with a backoffLimit of MaxInt32 (KEP-467).
    """
    in_place = _restarts_in_place(jobset)
    yield Retry(
        jobset.value("failurePolicy", "maxRestarts", default=0),
        "the default is 0: the first failed Job fails the JobSet",
        unset_passes=in_place,
        bound="max_jobset_restarts",
        whole=True,
        preset=3,
        preset_reason="restarts of all ranks together",
        safe=False,
        inert=_never_fails(jobset) if not in_place else "",
    )
    yield from _uncounted(jobset)
    for child in () if in_place else read_children(jobset):
        if not child.initializes:
            yield from _child_retries(child)


def read_jobset_disruptions(jobset: SpecView) -> Iterator[Disruption]:
    """What a child's failure policy tells apart, a rule of the JobSet can leave uncounted."""
    for child in () if _restarts_in_place(jobset) else read_children(jobset):
        if not child.initializes and not tells_disruptions(child.job):
            yield Disruption(
                child.job.value("podFailurePolicy"),
                "so that an eviction uses up maxRestarts as a failure does",
                "a rule {action: FailJob, onPodConditions: [{type: DisruptionTarget}]}, and in "
                "failurePolicy one {action: RestartJobSetAndIgnoreMaxRestarts, "
                "onJobFailureReasons: [PodFailurePolicy]}",
                pod=(*child.job.path, "template"),
            )


_PLENTY = 1000
"""A budget that no run uses up, with a back-off of minutes between attempts."""
_NOT_COUNTED = (
    "its restarts count towards no limit, whatever the failure; expected onJobFailureReasons "
    "beside it"
)
_UNCOUNTED = ("RestartJobSetAndIgnoreMaxRestarts", "RestartJobAndIgnoreMaxRestarts")


def _uncounted(jobset: SpecView) -> Iterator[Retry]:
    """Failure rules that restart without end: not for named reasons alone
    (``pkg/controllers/failure_policy.go``)."""
    for rule in jobset.each("failurePolicy", "rules", EACH):
        if rule.dig("action") in _UNCOUNTED and not rule.dig("onJobFailureReasons"):
            yield Retry(rule.value("action"), "", bound="", limitless=_NOT_COUNTED)


def _never_fails(jobset: SpecView) -> str:
    """Why no child Job ever fails, which is what a JobSet's restarts wait for."""
    for child in read_children(jobset):
        budget = child.job.value("backoffLimit")
        if budget.number is not None and budget.number >= _PLENTY and not child.initializes:
            return f"{dotted(budget.path)} is {budget.number}, so that no child Job ever fails"
    return ""


def read_lone_retries(jobset: SpecView) -> Iterator[LoneRetry]:
    """A child Job with a budget of its own makes one failed pod anew (JobSet concepts page)."""
    if _restarts_in_place(jobset):
        return
    restarts = jobset.value("failurePolicy", "maxRestarts", default=0)
    for child in read_children(jobset):
        budget = child.job.raw("backoffLimit", default=6)
        alone = budget.number is not None and budget.number > 0
        if child.initializes or not alone or child.job.dig("backoffLimitPerIndex") is not None:
            continue
        yield LoneRetry(
            budget,
            MADE_ALONE,
            "0, and failurePolicy.maxRestarts to restart all pods together",
            ((budget, 0), *(((restarts, 3),) if not restarts.value else ())),
        )


def _child_retries(child: Child) -> Iterator[Retry]:
    """A child that retries alone leaves the other ranks waiting: 0 is what a fix writes."""
    for retry in read_job_retries(child.job, left=True):
        preset = None if retry.preset is None else 0
        reason = "no rank is retried alone while the others wait"
        yield retry._replace(form="operator", preset=preset, preset_reason=reason, safe=False)


def read_jobset_deadlines(jobset: SpecView, _pods: Any) -> Deadlines:
    """No JobSet has a field of its own: a child's bounds it, its initializers' do not."""
    jobs = [child.job for child in read_children(jobset) if not child.initializes]
    places = tuple(job.value("activeDeadlineSeconds") for job in jobs)
    inner = (job.value("template", "spec", "activeDeadlineSeconds") for job in jobs)
    return Deadlines(
        places,
        fix_at=tuple(place.path for place in places),
        pod_only=next((value for value in inner if not value.absent), None),
        counting="it counts for each child Job, and anew after each restart of the JobSet",
        field="replicatedJobs[*].template.spec.activeDeadlineSeconds",
        per_attempt=True,
    )


def _restart(jobset: SpecView, child: Child, template: SpecView) -> Restart:
    """InPlaceRestart is made of container restarts: any policy passes."""
    restart = Restart(
        template.value("spec", "restartPolicy", default="OnFailure"),
        "OnFailure",
        form="operator",
        needs_never=find_failure_policy(child.job),
        note=_NOTE,
    )
    if _restarts_in_place(jobset):
        every = ("Never", "OnFailure", "Always")
        return restart._replace(allowed=every, family="in-place", elastic=True)
    return make_agent_restart(restart) if runs_only_sshd(template.body) else restart


def _restarts_in_place(jobset: SpecView) -> bool:
    return bool(jobset.dig("failurePolicy", "restartStrategy") == "InPlaceRestart")


def _subrole(child: Child) -> Subrole | None:
    return Subrole.INITIALIZER if child.initializes else _SUBROLES.get(child.name)


def _count(child: Child) -> int | None:
    jobs = read_count(child.view.dig("replicas"))
    pods = read_count(child.job.dig("parallelism"))
    return None if jobs is None or pods is None else jobs * pods


def _claims(jobset: SpecView) -> Iterator[Volume]:
    """Shared claims that the controller makes and adds to every pod (``volumeClaimPolicies``)."""
    for policy in jobset.each("volumeClaimPolicies", EACH):
        deleted = policy.value("retentionPolicy", "whenDeleted", default="Delete")
        gone = Removal("is deleted with the JobSet", deleted, "Retain")
        lost = deleted.value == "Delete"
        yield from claim_templates(policy.below("templates"), gone if lost else None)


KINDS: tuple[Kind, ...] = (
    Kind(
        "jobset.x-k8s.io",
        "JobSet",
        pods=read_jobset_pods,
        priors={Role.TRAINING: 2, Role.SERVING: -4},
        required=(("spec", "replicatedJobs"),),
        rows=jobset_places(SPEC),
        retries=read_jobset_retries,
        deadlines=read_jobset_deadlines,
        lone_retries=read_lone_retries,
        disruptions=read_jobset_disruptions,
        awaits_sidecars=True,
        plural="jobsets",
    ),
)
