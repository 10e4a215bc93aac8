"""Volcano: Job and CronJob (batch.volcano.sh), JobTemplate and JobFlow (flow.volcano.sh).

Source: volcano-sh/volcano ``staging/src/volcano.sh/apis``, ``pkg/controllers/job`` and
``pkg/webhooks/admission/jobs``.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rules.kinds.core import read_schedule
from rules.kinds.mpi import make_agent_restart, runs_only_sshd
from rules.kinds.podspec import make_pod, read_count, read_raw
from rules.kinds.schema import (
    Ask,
    Deadlines,
    Kind,
    Mount,
    Pod,
    PodReader,
    Restart,
    Retry,
    Role,
    Schedule,
    Subrole,
    Volume,
    read_pods,
)
from rules.manifest import Manifest
from rules.model import Value
from rules.paths import EACH, Path, expand

_PRIORS = {Role.TRAINING: 2, Role.SERVING: -4}
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
_NOTE = "Volcano retries a whole Job by a policy such as {event: PodFailed, action: RestartJob}"


def _pods(job: Path) -> PodReader:
    """Readers of the tasks of the JobSpec at ``job``; its volumes go into every task."""

    def pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
        shared = tuple(_shared(manifest, job))
        for path, task in read_pods(manifest, (*job, "tasks", EACH)):
            template = task.get("template")
            if isinstance(template, dict):
                yield _mount(_task_pod(manifest, path, task, template), shared)

    return pods


def _task_pod(
    manifest: Manifest, path: Path, task: Mapping[str, Any], template: Mapping[str, Any]
) -> Pod:
    name = str(task.get("name") or "")
    return make_pod(
        (*path, "template"),
        template,
        name=name,
        subrole=_SUBROLES.get(name.lower()),
        restart=_restart(manifest, (*path, "template"), template),
        count=read_count(task.get("replicas"), 0),
    )


def _restart(manifest: Manifest, path: Path, template: Mapping[str, Any]) -> Restart:
    """The pod's own default holds: a task is created as a bare pod."""
    restart = Restart(
        read_raw(manifest, (*path, "spec", "restartPolicy"), "Always"),
        "Always",
        form="operator",
        note=_NOTE,
    )
    return make_agent_restart(restart) if runs_only_sshd(template) else restart


def _shared(manifest: Manifest, job: Path) -> Iterator[tuple[Volume, Mount]]:
    """The Job's volumes: a claim by name, or one that is made for the Job.

    Their names are drawn at random (``job_controller_util.go`` createJobPod); the path stands in.
    """
    for path, body in read_pods(manifest, (*job, "volumes", EACH)):
        name = f"volcano-{path[-1]}"
        claim, made = body.get("volumeClaimName"), body.get("volumeClaim")
        if claim:
            source = {"persistentVolumeClaim": {"claimName": claim}}
        elif isinstance(made, dict):
            source = {"volumeClaimTemplate": {"spec": made}}
        else:
            continue
        where = str(body.get("mountPath") or "")
        yield Volume(name, path, source), Mount(name, where, read_only=False, path=path)


def _mount(pod: Pod, shared: tuple[tuple[Volume, Mount], ...]) -> Pod:
    """The shared volumes, mounted into all containers but the init containers."""
    mounts = tuple(mount for _, mount in shared)
    pod.volumes = (*pod.volumes, *(volume for volume, _ in shared))
    pod.containers = tuple(
        container._replace(mounts=(*container.mounts, *mounts))
        if "containers" in container.path
        else container
        for container in pod.containers
    )
    return pod


def _retries(manifest: Manifest, job: Path) -> Iterator[Retry]:
    """``maxRetry`` counts only what a policy restarts; without one nothing is retried.

    The webhook rewrites 0 to 3 (``mutate_job.go`` patchDefaultMaxRetry).
    """
    if not _restarts(manifest, job):
        return
    unset = "the default is 3"
    yield Retry(_rewritten(manifest.value((*job, "maxRetry"), 3)), unset, preset=3)
    for path, _ in read_pods(manifest, (*job, "tasks", EACH)):
        budget = _rewritten(manifest.value((*path, "maxRetry"), 3))
        yield Retry(budget, unset, unset_passes=True, preset=3)


def _rewritten(budget: Value) -> Value:
    return budget._replace(value=3) if budget.value == 0 else budget


def _restarts(manifest: Manifest, job: Path) -> bool:
    """Whether a policy of the Job or of a task restarts anything (``RestartJob``, ...)."""
    places = ((*job, "policies", EACH, "action"), (*job, "tasks", EACH, "policies", EACH, "action"))
    return any(
        isinstance(action, str) and action.startswith("Restart")
        for place in places
        for _, action in expand(manifest.object, place)
    )


def _deadlines(manifest: Manifest, pods: Iterable[Pod]) -> Deadlines:
    paths = tuple((*pod.spec_path, "activeDeadlineSeconds") for pod in pods)
    return Deadlines(
        tuple(map(manifest.value, paths)),
        fix_at=paths,
        counting="it counts for each pod",
        field="tasks[*].template.spec.activeDeadlineSeconds",
        advice=_ADVICE,
    )


def _weights(manifest: Manifest, job: Path) -> dict[Role, int]:
    """The plugins that set up a training framework's rendezvous. The ray plugin starts a cluster,
    which says nothing of what will run on it."""
    plugins = manifest.mapping(*job, "plugins")
    return {Role.TRAINING: 6} if _FRAMEWORKS & plugins.keys() else {}


def _schedule(manifest: Manifest) -> Schedule:
    return read_schedule(manifest, manifest.value(("spec", "concurrencyPolicy"), "Allow"))


def _kind(group: str, name: str, plural: str, job: Path, **known: Any) -> Kind:
    return Kind(
        group,
        name,
        pods=_pods(job),
        priors=_PRIORS,
        retries=lambda manifest: _retries(manifest, job),
        deadlines=_deadlines,
        plural=plural,
        weights=lambda manifest: _weights(manifest, job),
        **known,
    )


_SPEC: Path = ("spec",)
_CRON: Path = ("spec", "jobTemplate", "spec")
_TASKS: Path = ("spec", "tasks")

KINDS: tuple[Kind, ...] = (
    _kind("batch.volcano.sh", "Job", "jobs", _SPEC, required=(_TASKS,), immutable=True),
    _kind(
        "batch.volcano.sh",
        "CronJob",
        "cronjobs",
        _CRON,
        required=(("spec", "schedule"), (*_CRON, "tasks")),
        schedule=_schedule,
    ),
    _kind("flow.volcano.sh", "JobTemplate", "jobtemplates", _SPEC, required=(_TASKS,)),
    # It only names JobTemplates, and has no pods.
    Kind("flow.volcano.sh", "JobFlow"),
)
