"""Volcano: Job and CronJob (batch.volcano.sh), JobTemplate and JobFlow (flow.volcano.sh).

Source: volcano-sh/volcano ``staging/src/volcano.sh/apis``, ``pkg/controllers/job`` and
``pkg/webhooks/admission/jobs``.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from rules.kinds import facts
from rules.kinds.batch import CRON_ROOT, CRON_ROWS, read_cron_schedule
from rules.kinds.lookups import Ask
from rules.kinds.mpi import make_agent_restart, runs_only_sshd
from rules.kinds.pods import Mount, Pod, Removal, Restart, Volume
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import FactPlaces, FactRows
from rules.kinds.runs import Deadlines, Disruption, Leftover, LoneRetry, Retry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.model import Value
from rules.paths import EACH, Path, expand
from rules.type_names import Any

_PRIORS = {Role.TRAINING: 2, Role.SERVING: -4}
_JOB: FactRows = {
    facts.BACKOFF_LIMIT: ("maxRetry", 3),
    facts.EVENT_POLICIES: ("policies",),
    facts.MIN_AVAILABLE: ("minAvailable",),
    facts.TTL: ("ttlSecondsAfterFinished",),
    facts.SCHEDULER: ("schedulerName", "volcano"),
    facts.SCHEDULER_QUEUE: ("queue", "default"),
    facts.PRIORITY_CLASS: ("priorityClassName",),
    facts.PLUGINS: ("plugins",),
}
_TASK: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.BACKOFF_LIMIT: ("maxRetry", 3),
    facts.EVENT_POLICIES: ("policies",),
    facts.MIN_AVAILABLE: ("minAvailable",),
}
_FRAMEWORKS = frozenset({"pytorch", "tensorflow", "mpi"})
_SUBROLES = {
    "chief": Subrole.MASTER,
    "evaluator": Subrole.EVALUATOR,
    "launcher": Subrole.LAUNCHER,
    "master": Subrole.MASTER,
    "mpimaster": Subrole.LAUNCHER,
    "mpiworker": Subrole.WORKER,
    "ps": Subrole.PS,
    "worker": Subrole.WORKER,
}
_ADVICE = (
    "Volcano has no deadline of a Job: bound the pods, and pair it with policies: "
    "[{event: PodFailed, action: TerminateJob}]"
)
_ZONE_INSIDE = 'Volcano refuses this ("schedule should not contain TZ or CRON_TZ")'
_LOCAL_ZONE = """Volcano refuses this ("timeZone can't be Local")"""
_NO_POLICY = (
    "no policy restarts anything; expected one such as {event: PodFailed, action: RestartJob}"
)
_NOTE = "Volcano retries a whole Job by a policy such as {event: PodFailed, action: RestartJob}"


def _pods(job: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The tasks of a JobSpec; its volumes go into every task."""
    shared = tuple(_shared(job))
    for task in job.each("tasks", EACH):
        for template in task.each("template"):
            yield _mount(_task_pod(task, template), shared)


def _task_pod(task: SpecView, template: SpecView) -> Pod:
    name = str(task.dig("name") or "")
    subrole = _SUBROLES.get(name.lower())
    return make_pod(
        template,
        name=name,
        subrole=subrole,
        writer=subrole is not Subrole.PS,
        restart=_restart(template),
        replicas=read_count(task.dig("replicas"), 0),
    )


def _restart(template: SpecView) -> Restart:
    """The pod's own default holds: a task is created as a bare pod."""
    policy = template.raw("spec", "restartPolicy", default="Always")
    restart = Restart(policy, "Always", form="operator", note=_NOTE)
    return make_agent_restart(restart) if runs_only_sshd(template.body) else restart


def _shared(job: SpecView) -> Iterator[tuple[Volume, Mount]]:
    """The Job's volumes: a claim by name, or one that is made for the Job.

    Their names are drawn at random (``job_controller_util.go`` createJobPod); the path stands in.
    """
    for volume in job.each("volumes", EACH):
        path, name = volume.path, f"volcano-{volume.path[-1]}"
        claim, made = volume.dig("volumeClaimName"), volume.dig("volumeClaim")
        removal = None
        if claim:
            source = {"persistentVolumeClaim": {"claimName": claim}}
        elif isinstance(made, dict):
            source = {"volumeClaimTemplate": {"spec": made}}
            removal = Removal("is deleted with the Volcano Job")
        else:
            continue
        where = str(volume.dig("mountPath") or "")
        yield Volume(name, path, source, removal), Mount(name, where, read_only=False, path=path)


def _mount(pod: Pod, shared: tuple[tuple[Volume, Mount], ...]) -> Pod:
    """The shared volumes, mounted into all containers but the init containers."""
    mounts = tuple(mount for _, mount in shared)
    containers = tuple(
        one._replace(mounts=(*one.mounts, *mounts)) if "containers" in one.path else one
        for one in pod.containers
    )
    volumes = (*pod.volumes, *(volume for volume, _ in shared))
    return pod._replace(volumes=volumes, containers=containers)


def _retries(job: SpecView) -> Iterator[Retry]:
    """``maxRetry`` counts only what a policy restarts; without one nothing is retried.

    The webhook rewrites 0 to 3 (``mutate_job.go`` patchDefaultMaxRetry).
    """
    unset = "the default is 3"
    if not _restarts(job):
        # Nothing is expected of a budget that is never consulted.
        for place in (job, *job.each("tasks", EACH)):
            yield Retry(_budget(place), unset, unset_passes=True, bound="", inert=_NO_POLICY)
        return
    yield Retry(_budget(job), unset, preset=3)
    for task in job.each("tasks", EACH):
        yield Retry(_budget(task), unset, unset_passes=True, preset=3)


def _budget(place: SpecView) -> Value:
    budget = place.value("maxRetry", default=3)
    return budget._replace(value=3) if budget.value == 0 else budget


def _restarts(job: SpecView) -> bool:
    """Whether a policy of the Job or of a task restarts anything (``RestartJob``, ...)."""
    places = (("policies", EACH, "action"), ("tasks", EACH, "policies", EACH, "action"))
    return any(
        isinstance(action, str) and action.startswith("Restart")
        for place in places
        for _, action in expand(job.body, place)
    )


def _disruptions(job: SpecView) -> Iterator[Disruption]:
    """Whether a policy answers to an eviction (``PodEvicted``; ``*`` is any event)."""
    if not (_acts_on(job, "PodEvicted") or _acts_on(job, "*")):
        yield Disruption(
            job.value("policies"),
            "so that an eviction ends the work",
            "{event: PodEvicted, action: RestartJob}",
        )


def _lone_retries(job: SpecView) -> Iterator[LoneRetry]:
    """A task's pod that fails is not made again, nor are the others told, but by a policy
    (``pkg/controllers/job/job_controller_actions.go``)."""
    acts = [_acts_on(job, event) for event in ("PodFailed", "PodEvicted", "TaskFailed", "*")]
    if not any(acts) and not _acts_on_codes(job):
        yield LoneRetry(
            job.value("policies"),
            "so that nothing restarts or ends the other pods when one fails",
            "{event: PodFailed, action: RestartJob}, with PodEvicted",
        )


def _acts_on_codes(job: SpecView) -> bool:
    places = (("policies", EACH), ("tasks", EACH, "policies", EACH))
    return any(policy.dig("exitCode") for place in places for policy in job.each(*place))


def _leftovers(job: SpecView) -> Iterator[Leftover]:
    """Tasks that wait for others never end by themselves; the Job is complete when all have ended
    (``pkg/controllers/job/state/running.go``), or when a policy says so."""
    waiting = [task for task in job.each("tasks", EACH) if _waits(task)]
    if not waiting or _acts_on(job, "TaskCompleted") or job.dig("minSuccess") is not None:
        return
    name = str(waiting[0].dig("name") or "")
    yield Leftover(
        job.value("policies"),
        f"task {name} never ends, and no policy ends the Job when the others have",
        expected="{event: TaskCompleted, action: CompleteJob} on the task that leads",
    )


def _waits(task: SpecView) -> bool:
    """Whether a task serves the others until it is stopped."""
    subrole = _SUBROLES.get(str(task.dig("name") or "").lower())
    return subrole is Subrole.PS or runs_only_sshd(task.dig("template"))


def _acts_on(job: SpecView, event: str) -> bool:
    """Whether a policy of the Job or of a task acts on an event."""
    for policies in (("policies", EACH), ("tasks", EACH, "policies", EACH)):
        for policy in job.each(*policies):
            events = policy.dig("events")
            if event == policy.dig("event") or event in (
                events if isinstance(events, list) else ()
            ):
                return True
    return False


def _deadlines(job: SpecView, pods: Iterable[Pod]) -> Deadlines:
    paths = tuple((*pod.spec_path, "activeDeadlineSeconds") for pod in pods)
    return Deadlines(
        tuple(map(job.manifest.value, paths)),
        fix_at=paths,
        counting="it counts for each pod",
        field="tasks[*].template.spec.activeDeadlineSeconds",
        advice=_ADVICE,
        per_attempt=True,
    )


def _weights(job: SpecView) -> dict[Role, int]:
    """The plugins that set up a training framework's rendezvous. The ray plugin starts a cluster,
    which says nothing of what will run on it."""
    return {Role.TRAINING: 6} if _FRAMEWORKS & job.mapping("plugins").keys() else {}


def _places(root: Path) -> FactPlaces:
    """Where the facts of the JobSpec at ``root`` stand, and those of its tasks."""
    return (root, _JOB), ((*root, "tasks", EACH), _TASK)


def _kind(group: str, name: str, root: Path = SPEC, own: FactPlaces = (), **known: Any) -> Kind:
    return Kind(
        group,
        name,
        root=root,
        rows=(*own, *_places(root)),
        pods=_pods,
        priors=_PRIORS,
        retries=_retries,
        deadlines=_deadlines,
        leftovers=_leftovers,
        lone_retries=_lone_retries,
        disruptions=_disruptions,
        awaits_sidecars=True,
        weights=_weights,
        **known,
    )


_TASKS: Path = ("spec", "tasks")

KINDS: tuple[Kind, ...] = (
    _kind("batch.volcano.sh", "Job", required=(_TASKS,), plural="jobs"),
    _kind(
        "batch.volcano.sh",
        "CronJob",
        CRON_ROOT,
        ((SPEC, CRON_ROWS),),
        required=(("spec", "schedule"), (*CRON_ROOT, "tasks")),
        schedule=partial(read_cron_schedule, zone_inside=_ZONE_INSIDE, local_zone=_LOCAL_ZONE),
        plural="cronjobs",
    ),
    _kind("flow.volcano.sh", "JobTemplate", required=(_TASKS,), plural="jobtemplates"),
    # It only names JobTemplates, and has no pods.
    Kind("flow.volcano.sh", "JobFlow"),
)
