"""What Volcano, LeaderWorkerSet and Kubeflow's Trainer ask of groups of pods.

Source: volcano ``pkg/webhooks/admission/jobs/validate``; lws ``pkg/webhooks``; trainer
``pkg/webhooks/trainingruntime_webhook.go`` and ``pkg/apis/trainer/v1alpha1``.
"""

from collections.abc import Iterator

from rules.kinds.contracts.clauses import Breach, Contract, Terms, read_number, tell_place
from rules.kinds.roles import ANCESTOR_STEP
from rules.kinds.views import SpecView
from rules.lazy_pattern import LazyPattern
from rules.manifest import is_template
from rules.paths import EACH, dotted, shorten

_LABEL = LazyPattern(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
"""A label of RFC 1035, of at most 63 characters."""


def _volcano(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    tasks = list(job.each("tasks", EACH))
    counts = [read_number(task, "replicas") for task in tasks]
    least = read_number(job, "minAvailable")
    known = [count for count in counts if count is not None]
    if least is not None and tasks and len(known) == len(counts) and least > sum(known):
        path, told = tell_place(job, "minAvailable")
        words = "job 'minAvailable' should not be greater than total replicas in tasks"
        yield Breach(path, f"{told} is {least}, and all tasks have {sum(known)}", words)
    for task, count in zip(tasks, counts, strict=True):
        own = read_number(task, "minAvailable")
        if own is not None and count is not None and own > count:
            path, told = tell_place(task, "minAvailable")
            words = "'minAvailable' is greater than 'replicas' in task"
            yield Breach(path, f"{told} is {own}, and replicas {count}", words)


def _policies(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    """``validatePolicies``: those of a job, and those of each task."""
    for owner in (job, *job.each("tasks", EACH)):
        for policy in owner.each("policies", EACH):
            yield from _policy(policy)


def _events(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    """Each event has one policy, and with ``*`` there is no other."""
    for owner in (job, *job.each("tasks", EACH)):
        seen: list[str] = []
        for policy in owner.each("policies", EACH):
            own = _list_events(policy)
            for event in own:
                if event in seen:
                    words = "duplicate event across different policy"
                    yield Breach(policy.path, f"{dotted(policy.path)} has {event} again", words)
            seen += own
        if "*" in seen and len(set(seen)) > 1:
            path, told = tell_place(owner, "policies")
            words = "if there's * here, no other policy should be here"
            yield Breach(path, f"{told} has the event * and others", words)


def _list_events(policy: SpecView) -> list[str]:
    """Those of a policy, each once; one with an exit code has none."""
    if policy.dig("exitCode") is not None:
        return []
    several = policy.dig("events")
    events = [*(several if isinstance(several, list) else []), policy.dig("event")]
    return list(dict.fromkeys(one for one in events if isinstance(one, str) and one))


def _policy(policy: SpecView) -> Iterator[Breach]:
    event, code = policy.dig("event") or policy.dig("events"), policy.dig("exitCode")
    path, told = tell_place(policy, "exitCode")
    if event and code is not None:
        words = "must not specify event and exitCode simultaneously"
        yield Breach(path, f"{told} is set beside an event", words)
    elif not event and code is None:
        words = "either event and exitCode should be specified"
        yield Breach(policy.path, f"{dotted(policy.path)} has neither event nor exitCode", words)
    elif code == 0:
        yield Breach(path, f"{told} is 0", "0 is not a valid error code")


def _group_size(spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    size = read_number(spec, "leaderWorkerTemplate", "size")
    if size is not None and size < 1:
        path, told = tell_place(spec, "leaderWorkerTemplate", "size")
        yield Breach(path, f"{told} is {size}", "size must be equal or greater than 1")


_STEPS = {
    "dataset-initializer": "dataset-initializer",
    "model-initializer": "model-initializer",
    "trainer": "node",
}
"""The steps that a TrainJob's runtime may have, and the container that each fills in."""


def _steps(jobset: SpecView, _terms: Terms) -> Iterator[Breach]:
    for job in jobset.each("replicatedJobs", EACH):
        step = job.dig("template", "metadata", "labels", ANCESTOR_STEP)
        wanted = _STEPS.get(step) if isinstance(step, str) else None
        if wanted is None:
            continue
        count = read_number(job, "replicas")
        if count not in (None, 1):
            path, told = tell_place(job, "replicas")
            yield Breach(path, f"{told} is {count}", "always must be 1")
        bodies = list(job.each("template", "spec", "template", "spec", "containers", EACH))
        names = [str(body.dig("name") or "") for body in bodies]
        if names and wanted not in names and not any(map(is_template, names)):
            path, told = tell_place(bodies[0], "name")
            words = f"must contain the required container for the ancestor: {step}"
            preset = wanted if len(names) == 1 else None
            yield Breach(path, f"{told} is {shorten(names[0])}", words, preset)


_SOURCES = ("torch", "mpi", "jax", "xgboost", "flux")


def _sources(runtime: SpecView, _terms: Terms) -> Iterator[Breach]:
    """A rule of the CRD (``MLPolicy``)."""
    policy = runtime.manifest.mapping("spec", "mlPolicy")
    said = [key for key in _SOURCES if policy.get(key) is not None]
    if len(said) > 1:
        path = ("spec", "mlPolicy")
        words = "Only one of the policy can be configured"
        yield Breach(path, f"{dotted(path)} has {' and '.join(said)}", words)


def _name(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    """A rule of the CRD (``TrainJob``): Services of a JobSet begin with a letter."""
    name = job.manifest.dig("metadata", "name")
    if not isinstance(name, str) or is_template(name) or _LABEL.fullmatch(name):
        return
    words = "metadata.name must match RFC 1035 DNS label format"
    yield Breach(("metadata", "name"), f"metadata.name is {shorten(name)}", words)


_TASKS = Contract("Volcano", (_volcano, _policies, _events))
_RUNTIME = Contract("Kubeflow's Trainer", (_steps, _sources))
_TRAINJOB = Contract("Kubeflow's Trainer", (_name,))
CONTRACTS = {
    ("batch.volcano.sh", "Job", ""): _TASKS,
    ("batch.volcano.sh", "CronJob", ""): _TASKS,
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet", ""): Contract(
        "LeaderWorkerSet's webhook", (_group_size,)
    ),
    ("trainer.kubeflow.org", "ClusterTrainingRuntime", ""): _RUNTIME,
    ("trainer.kubeflow.org", "TrainingRuntime", ""): _RUNTIME,
    ("trainer.kubeflow.org", "TrainJob", ""): _TRAINJOB,
}
