"""OpenKruise (apps.kruise.io): the kinds of apps/v1 with more ways to roll out, and jobs.

Source: openkruise/kruise ``apis/apps/v1alpha1``, ``apis/apps/v1beta1`` and ``apis/apps/defaults``,
which its webhook writes into what is admitted.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.batch import (
    JOB_PRIORS,
    JOB_ROWS,
    read_job_deadlines,
    read_job_pods,
    read_job_retries,
)
from rules.kinds.core import (
    DAEMON_SET_ROWS,
    KEPT_ROWS,
    SERVICE_PRIORS,
    STATEFUL_PRIORS,
    STATEFUL_SET_ROWS,
    daemon_kind,
    read_stateful_pods,
)
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes, Restart
from rules.kinds.podspec import make_pod
from rules.kinds.rows import CONTROLLER, FactRows, left_to_controller
from rules.kinds.runs import Deadlines, Retry, Schedule, WhenEnded
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import Path
from rules.refusals import LOCAL_ZONE
from rules.type_names import Any

_GROUP = "apps.kruise.io"

_TEMPLATE: Path = ("spec", "template")
_JOB: Path = ("spec", "template", "jobTemplate", "spec")
_CLONE_SET: FactRows = {
    **KEPT_ROWS,
    facts.PAUSED: ("updateStrategy.paused", False, CONTROLLER),
    facts.PROGRESS_DEADLINE: ("progressDeadlineSeconds",),
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "ReCreate"),
    facts.MAX_SURGE: ("updateStrategy.maxSurge", 0),
    facts.MAX_UNAVAILABLE: ("updateStrategy.maxUnavailable", "20%"),
    facts.CLAIM_TEMPLATES: ("volumeClaimTemplates",),
}
_STATEFUL_SET: FactRows = {
    **STATEFUL_SET_ROWS,
    facts.MIN_READY_SECONDS: ("updateStrategy.rollingUpdate.minReadySeconds", 0),
}
_BROADCAST: FactRows = {
    facts.PARALLELISM: ("parallelism",),
    facts.PAUSED: ("paused", False, CONTROLLER),
    facts.DEADLINE: ("completionPolicy.activeDeadlineSeconds",),
    facts.TTL: ("completionPolicy.ttlSecondsAfterFinished",),
}
_CRON: FactRows = {
    facts.SCHEDULE: ("schedule",),
    facts.TIME_ZONE: ("timeZone",),
    facts.CONCURRENCY_POLICY: ("concurrencyPolicy", "Allow", CONTROLLER),
    facts.STARTING_DEADLINE: ("startingDeadlineSeconds",),
    facts.SCHEDULE_SUSPEND: ("paused", False, CONTROLLER),
    facts.SUCCESS_HISTORY: ("successfulJobsHistoryLimit",),
    facts.FAILED_HISTORY: ("failedJobsHistoryLimit",),
}
_ZONE_TWICE = 'Kruise refuses this ("cannot use both timeZone field and TZ or CRON_TZ in schedule")'


def _job_pods(job: SpecView, ask: Ask) -> Iterator[Pod]:
    for pod in read_job_pods(job, ask):
        restart = pod.restart and pod.restart._replace(form="operator")
        yield pod._replace(restart=restart)


def _retries(job: SpecView) -> Iterator[Retry]:
    for retry in read_job_retries(job):
        yield retry._replace(form="operator")


def _schedule(manifest: Manifest) -> Schedule:
    policy = manifest.raw(("spec", "concurrencyPolicy"), "Allow")
    spec = manifest.mapping("spec")
    return Schedule(
        ("spec", "schedule"),
        policy,
        suspended=spec.get("paused") is True,
        shortest=10,
        zone_inside=_ZONE_TWICE if spec.get("timeZone") else "",
        local_zone=f'Kruise refuses this ("{LOCAL_ZONE}")',
    )


def _broadcast_pods(job: SpecView, _ask: Ask) -> Iterator[Pod]:
    """A pod on each node; a template without a policy takes the pod's own default."""
    for template in job.each("template"):
        policy = template.value("spec", "restartPolicy")
        restart = Restart(policy, "Always", form="operator")
        yield make_pod(template, restart=restart, replicas=None, probes=Probes.NONE)


def _broadcast_deadlines(job: SpecView, _pods: object) -> Deadlines:
    value = job.value("completionPolicy", "activeDeadlineSeconds")
    return Deadlines((value,), (value.path,), counting="it counts from the job's start")


def _kept(name: str, priors: dict[Any, int], rows: FactRows) -> Kind:
    return Kind(
        _GROUP,
        name,
        pods=read_stateful_pods,
        priors=priors,
        required=(_TEMPLATE,),
        rows=((SPEC, rows),),
        when_ended=WhenEnded.RESTARTED,
        plural=f"{name.lower()}s",
    )


KINDS: tuple[Kind, ...] = (
    _kept("CloneSet", SERVICE_PRIORS, _CLONE_SET),
    _kept("StatefulSet", STATEFUL_PRIORS, _STATEFUL_SET),
    daemon_kind(_GROUP, DAEMON_SET_ROWS),
    Kind(
        _GROUP,
        "AdvancedCronJob",
        root=_JOB,
        pods=_job_pods,
        priors=JOB_PRIORS,
        required=(("spec", "schedule"), _TEMPLATE),
        rows=((SPEC, _CRON), (_JOB, left_to_controller(JOB_ROWS))),
        retries=_retries,
        deadlines=read_job_deadlines,
        schedule=_schedule,
        awaits_sidecars=True,
        plural="advancedcronjobs",
    ),
    Kind(
        _GROUP,
        "BroadcastJob",
        pods=_broadcast_pods,
        priors=JOB_PRIORS,
        required=(_TEMPLATE,),
        rows=((SPEC, _BROADCAST),),
        deadlines=_broadcast_deadlines,
        awaits_sidecars=True,
        plural="broadcastjobs",
    ),
)
