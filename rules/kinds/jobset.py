"""JobSet (jobset.x-k8s.io), also as the template of Kubeflow's training runtimes.

Source: kubernetes-sigs/jobset ``api/jobset/v1alpha2`` and ``pkg/webhooks/jobset_webhook.go``,
which writes ``restartPolicy: OnFailure`` where nothing is written.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rules.kinds.core import read_job_retries
from rules.kinds.mpi import make_agent_restart, runs_only_sshd
from rules.kinds.podspec import claim_templates, make_pod, read_count
from rules.kinds.schema import (
    Ask,
    Deadlines,
    Kind,
    Pod,
    Restart,
    Retry,
    Role,
    Subrole,
    Volume,
    read_pods,
)
from rules.manifest import Manifest
from rules.paths import EACH, Path, dig, expand

TRAINER = "trainer"
INITIALIZERS = frozenset({"dataset-initializer", "model-initializer"})
_STEP = "trainer.kubeflow.org/trainjob-ancestor-step"
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


class Child(NamedTuple):
    """One replicated job; ``step`` is what it does for a TrainJob, empty where none is said."""

    name: str
    step: str
    path: Path
    body: Mapping[str, Any]

    @property
    def job(self) -> Path:
        """Where its batch/v1 JobSpec stands."""
        return (*self.path, "template", "spec")

    @property
    def initializes(self) -> bool:
        return self.step in INITIALIZERS


def read_children(body: Any, jobset: Path) -> list[Child]:
    """The replicated jobs of the JobSetSpec at ``jobset`` below ``body``."""
    found = expand(body, (*jobset, "replicatedJobs", EACH))
    return [_child(job, path) for path, job in found if isinstance(job, dict)]


def _child(job: Mapping[str, Any], path: Path) -> Child:
    """A job of an initializer's name is one, label or not (trainer ``constants.go``)."""
    name = str(job.get("name") or "")
    label = dig(job, ("template", "metadata", "labels", _STEP))
    step = label if isinstance(label, str) else name if name in INITIALIZERS else ""
    return Child(name, step, path, job)


def read_jobset_pods(manifest: Manifest, jobset: Path, **known: Any) -> Iterator[Pod]:
    """The pod template of each replicated job. Where jobs say which of them trains, that one
    holds the outputs; else any may."""
    children = read_children(manifest.object, jobset)
    labelled = any(child.step == TRAINER for child in children)
    volumes = tuple(_claims(manifest, jobset))
    for child in children:
        path = (*child.job, "template")
        template = manifest.dig(*path)
        if isinstance(template, dict):
            yield make_pod(
                path,
                template,
                name=child.name,
                subrole=_subrole(child),
                restart=_restart(manifest, jobset, child),
                count=_count(child),
                writer=child.step == TRAINER if labelled else not child.initializes,
                role=Role.DATA if child.initializes else None,
                volumes=volumes,
                **known,
            )


def read_jobset_retries(manifest: Manifest, jobset: Path) -> Iterator[Retry]:
    """The JobSet's restarts and the budget of each child that is no initializer.

    InPlaceRestart needs children with a backoffLimit of MaxInt32 (KEP-467).
    """
    in_place = _restarts_in_place(manifest, jobset)
    yield Retry(
        manifest.value((*jobset, "failurePolicy", "maxRestarts"), 0),
        "the default is 0: the first failed Job fails the JobSet",
        unset_passes=in_place,
        bound="max_jobset_restarts",
        preset=3,
        safe=False,
    )
    for child in () if in_place else read_children(manifest.object, jobset):
        if not child.initializes:
            yield from _child_retries(manifest, child)


def _child_retries(manifest: Manifest, child: Child) -> Iterator[Retry]:
    """A child that retries alone leaves the other ranks waiting: 0 is what a fix writes."""
    for retry in read_job_retries(manifest, child.job):
        preset = None if retry.preset is None else 0
        yield retry._replace(form="operator", preset=preset, safe=False)


def read_jobset_deadlines(manifest: Manifest, jobset: Path) -> Deadlines:
    """No JobSet has a field of its own: a child's bounds it, its initializers' do not."""
    jobs = [child.job for child in read_children(manifest.object, jobset) if not child.initializes]
    paths = tuple((*job, "activeDeadlineSeconds") for job in jobs)
    inner = (manifest.value((*job, "template", "spec", "activeDeadlineSeconds")) for job in jobs)
    return Deadlines(
        tuple(map(manifest.value, paths)),
        fix_at=paths,
        pod_only=next((value for value in inner if not value.absent), None),
        counting="it counts for each child Job, and anew after each restart of the JobSet",
        field="replicatedJobs[*].template.spec.activeDeadlineSeconds",
    )


def _restart(manifest: Manifest, jobset: Path, child: Child) -> Restart:
    """InPlaceRestart is made of container restarts: any policy passes."""
    template = (*child.job, "template")
    restart = Restart(
        manifest.value((*template, "spec", "restartPolicy"), "OnFailure"),
        "OnFailure",
        form="operator",
        needs_never=isinstance(manifest.dig(*child.job, "podFailurePolicy"), dict),
        note=_NOTE,
    )
    if _restarts_in_place(manifest, jobset):
        every = ("Never", "OnFailure", "Always")
        return restart._replace(allowed=every, family="in-place", elastic=True)
    waits = runs_only_sshd(manifest.mapping(*template))
    return make_agent_restart(restart) if waits else restart


def _restarts_in_place(manifest: Manifest, jobset: Path) -> bool:
    return bool(manifest.dig(*jobset, "failurePolicy", "restartStrategy") == "InPlaceRestart")


def _subrole(child: Child) -> Subrole | None:
    return Subrole.INITIALIZER if child.initializes else _SUBROLES.get(child.name)


def _count(child: Child) -> int | None:
    jobs = read_count(child.body.get("replicas"))
    pods = read_count(dig(child.body, ("template", "spec", "parallelism")))
    return None if jobs is None or pods is None else jobs * pods


def _claims(manifest: Manifest, jobset: Path) -> Iterator[Volume]:
    """Shared claims that the controller makes and adds to every pod (``volumeClaimPolicies``)."""
    for path, policy in read_pods(manifest, (*jobset, "volumeClaimPolicies", EACH)):
        yield from claim_templates(policy.get("templates"), (*path, "templates"))


_SPEC: Path = ("spec",)


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    return read_jobset_pods(manifest, _SPEC)


def _deadlines(manifest: Manifest, _pods: Iterable[Pod]) -> Deadlines:
    return read_jobset_deadlines(manifest, _SPEC)


KINDS: tuple[Kind, ...] = (
    Kind(
        "jobset.x-k8s.io",
        "JobSet",
        pods=_pods,
        priors={Role.TRAINING: 2, Role.SERVING: -4},
        required=(("spec", "replicatedJobs"),),
        retries=lambda manifest: read_jobset_retries(manifest, _SPEC),
        deadlines=_deadlines,
        immutable=True,
        plural="jobsets",
    ),
)
