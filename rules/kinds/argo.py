"""Argo Workflows, whose every template that runs something is a pod.

Those are the templates with a container, a script or a container set.
Source: argo-workflows ``pkg/apis/workflow/v1alpha1/workflow_types.go``, ``workflow/controller``,
``workflow/cron/operator.go``.
"""

from collections.abc import Iterable, Iterator

from rules.kinds import facts
from rules.kinds.argo_templates import EMBEDDING, find_templates, is_pod, read_pod, read_words
from rules.kinds.lookups import Answer, Ask, Reference
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_unseen_pod
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows
from rules.kinds.runs import Deadlines, Disruption, Retry, Schedule
from rules.kinds.schema import SPEC, Inner, Kind, PodReader
from rules.kinds.views import SpecView, read_spec, view_foreign
from rules.lazy_pattern import LazyPattern
from rules.manifest import Manifest
from rules.model import Value
from rules.paths import EACH, Path
from rules.quantity import parse_duration
from rules.type_names import Any

_GROUP = "argoproj.io"
STORED_SPEC = ("status", "storedWorkflowSpec")
STORED_TEMPLATES = ("status", "storedTemplates")
WORK_IN_STATUS = (STORED_SPEC, STORED_TEMPLATES)
"""Where a Workflow's status holds work. Its resource has no subresource for the status."""

_PLACED: FactRows = {
    facts.SCHEDULER: ("schedulerName",),
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
    facts.AFFINITY: ("affinity",),
    facts.RESOURCE_CLAIMS: ("resourceClaims",),
    facts.SERVICE_ACCOUNT: ("serviceAccountName",),
    facts.RETRY_STRATEGY: ("retryStrategy",),
    facts.SYNCHRONIZATION: ("synchronization",),
    facts.PARALLELISM: ("parallelism",),
}
"""What a workflow and a template of its say in the same words."""
_WORKFLOW: FactRows = {
    **_PLACED,
    facts.DEADLINE: ("activeDeadlineSeconds",),
    facts.DEFAULT_RETRY_STRATEGY: ("templateDefaults.retryStrategy",),
    facts.TTL_STRATEGY: ("ttlStrategy",),
    facts.POD_GC: ("podGC",),
    facts.CLAIM_TEMPLATES: ("volumeClaimTemplates",),
    facts.CLAIM_GC: ("volumeClaimGC.strategy", "OnWorkflowSuccess", CONTROLLER),
    facts.SUSPEND: ("suspend", False, CONTROLLER),
    facts.PRIORITY_CLASS: ("podPriorityClassName",),
    facts.IMAGE_PULL_SECRETS: ("imagePullSecrets",),
    facts.HOST_NETWORK: ("hostNetwork", False, CONTROLLER),
    facts.DNS_POLICY: ("dnsPolicy",),
    facts.DISRUPTION_BUDGET: ("podDisruptionBudget",),
    facts.WORKFLOW_PARAMETERS: ("arguments.parameters",),
    facts.WORKFLOW_TEMPLATE: ("workflowTemplateRef.name",),
}
_TEMPLATE_ROWS: FactRows = {
    **_PLACED,
    facts.POD_DEADLINE: ("activeDeadlineSeconds",),
    facts.TEMPLATE_TIMEOUT: ("timeout",),
    facts.PRIORITY_CLASS: ("priorityClassName",),
}
_CRON: FactRows = {
    facts.SCHEDULES: ("schedules",),
    facts.SCHEDULE: ("schedule",),
    facts.TIME_ZONE: ("timezone",),
    facts.CONCURRENCY_POLICY: ("concurrencyPolicy", "Allow", CONTROLLER),
    facts.STARTING_DEADLINE: ("startingDeadlineSeconds",),
    facts.SCHEDULE_SUSPEND: ("suspend", False, CONTROLLER),
    facts.SUCCESS_HISTORY: ("successfulJobsHistoryLimit", 3, CONTROLLER),
    facts.FAILED_HISTORY: ("failedJobsHistoryLimit", 1, CONTROLLER),
    facts.SCHEDULE_CONDITION: ("when",),
    facts.STOP_STRATEGY: ("stopStrategy",),
    facts.QUEUE: ('workflowMetadata.labels["kueue.x-k8s.io/queue-name"]',),
}
"""``schedules`` since v3.6, ``schedule`` before."""
_SCHEDULED: Path = ("spec", "workflowSpec")
_REFERENCES: tuple[Path, ...] = (
    ("templates", EACH, "steps", EACH, EACH, "templateRef"),
    ("templates", EACH, "dag", "tasks", EACH, "templateRef"),
)
_LOCKS = ("mutex", "mutexes", "semaphore", "semaphores")
_FOR_EVER = "a retryStrategy without a limit retries for ever"
_COUNTING = "it bounds the whole workflow, all retries included"
_MISSED = "a run that is missed while the controller is away never comes"
_ZONE_TWICE = "the controller puts timezone before it, and cannot read a schedule with two zones"
_NUMBER = LazyPattern(r"[0-9]{1,12}\Z")


def _pods(workflow: SpecView, ask: Ask) -> Iterator[Pod]:
    """The pods of a WorkflowSpec: its own, and unseen ones for the templates of other objects
    that it runs and for the objects that it creates."""
    for template in find_templates(workflow):
        yield from _read_template(workflow, template)
    for pattern in _REFERENCES:
        for reference in workflow.each(*pattern):
            yield from _referenced(reference, ask, str(reference.dig("template") or ""))
    yield from _referenced(workflow.below("workflowTemplateRef"), ask)


def _pods_of_a_run(workflow: SpecView, ask: Ask) -> Iterator[Pod]:
    """The pods of a Workflow, and those of the templates that its status holds: the controller runs
    these (``setStoredWfSpec``, ``GetStoredTemplate``), and whoever may write the object may write
    them."""
    yield from _pods(workflow, ask)
    manifest = workflow.manifest
    # In a file they are what a run has left behind.
    if not manifest.admitted:
        return
    stored = SpecView(manifest, STORED_SPEC, manifest.dig(*STORED_SPEC))
    yield from _pods(stored, ask)
    for template in SpecView(manifest, STORED_TEMPLATES, manifest.dig(*STORED_TEMPLATES)).each(
        EACH
    ):
        yield from _read_template(stored, template)


def _read_template(workflow: SpecView, template: SpecView) -> Iterator[Pod]:
    text = template.dig("resource", "manifest")
    if isinstance(text, str):
        yield make_unseen_pod(template.path, name=str(template.dig("name") or ""), text=text)
        return
    pod = read_pod(workflow, template)
    if pod is not None:
        yield pod


def _referenced(at: SpecView, ask: Ask, only: str = "") -> Iterator[Pod]:
    """What is known of the templates of another object: they are judged there."""
    name = at.dig("name")
    if not isinstance(name, str):
        return
    wide = at.dig("clusterScope") is True
    reference = Reference(
        _GROUP,
        ("ClusterWorkflowTemplate" if wide else "WorkflowTemplate",),
        None if wide else at.manifest.identity.namespace,
        name,
    )
    answer, spec = ask(reference, "spec")
    for template in find_templates(view_foreign(spec)) if answer is Answer.FOUND else ():
        if only in ("", template.dig("name")) and is_pod(template.body):
            text = read_words(template.body)
            yield make_unseen_pod(at.path, name=str(template.dig("name") or ""), text=text)


def _retries(workflow: SpecView) -> Iterator[Retry]:
    for place in (workflow, workflow.below("templateDefaults")):
        yield from _retry(place)
    for template in find_templates(workflow):
        yield from _retry(template, template.path)


def _disruptions(workflow: SpecView) -> Iterator[Disruption]:
    """A pod that was deleted or evicted is an error, not a failure, which is all that is retried
    without a ``retryPolicy`` or an expression (``workflow_types.go`` RetryPolicyActual)."""
    shared = [
        workflow.mapping("templateDefaults", "retryStrategy"),
        workflow.mapping("retryStrategy"),
    ]
    for template in find_templates(workflow):
        own = template.mapping("retryStrategy")
        strategy = own or next(filter(None, shared), {})
        told = strategy.get("retryPolicy") in ("Always", "OnError")
        if told or (strategy.get("expression") and not strategy.get("retryPolicy")):
            continue
        yield Disruption(
            template.value("retryStrategy", "retryPolicy"),
            "so that a pod that was evicted is not retried",
            "OnError or Always, with a limit",
            pod=template.path,
        )


def _retry(place: SpecView, pod: Path | None = None) -> Iterator[Retry]:
    """A retry strategy without a limit, an expression or a longest duration has no end
    (argo-workflows ``examples/retry-container-to-completion.yaml``)."""
    for strategy in place.each("retryStrategy"):
        limit = strategy.value("limit")
        bounded = strategy.dig("expression") or strategy.dig("backoff", "maxDuration")
        if not limit.absent or not bounded:
            yield Retry(
                _number(limit),
                _FOR_EVER,
                unset_passes=True,
                preset=3,
                pod=pod,
                limitless=_FOR_EVER if limit.absent else "",
                transient=strategy.dig("retryPolicy") == "OnTransientError",
            )


def _deadlines(workflow: SpecView, pods: Iterable[Pod]) -> Deadlines | None:
    pods = tuple(pods)
    own = [pod.path for pod in pods if pod.containers]
    whole = _number(workflow.value("activeDeadlineSeconds"))
    places = [whole]
    for path in ((*workflow.path, "templateDefaults"), *own):
        value = workflow.manifest.value
        places.append(_number(value((*path, "activeDeadlineSeconds"))))
        places.append(_duration(value((*path, "timeout"))))
    if all(place.absent for place in places) and len(own) < max(1, len(pods)):
        return None
    return Deadlines(tuple(places), fix_at=(whole.path,), counting=_COUNTING)


def _number(value: Value) -> Value:
    """An IntOrString's number."""
    text = value.value
    if isinstance(text, str) and _NUMBER.match(text):
        return value._replace(value=int(text))
    return value


def _duration(value: Value) -> Value:
    """A Go duration such as ``1h30m`` in seconds."""
    text = value.value
    seconds = parse_duration(text) if isinstance(text, str) else None
    if seconds is None:
        return _number(value)
    return value._replace(value=int(seconds) if seconds == seconds // 1 else seconds)


def _schedule(manifest: Manifest) -> Schedule:
    """``schedules`` since v3.6, ``schedule`` before. What was missed is made up for only within a
    starting deadline (``shouldOutstandingWorkflowsBeRun``)."""
    spec = SpecView(manifest, SPEC, manifest.dig(*SPEC))
    several = spec.value("schedules")
    locks = spec.mapping("workflowSpec", "synchronization")
    zone = spec.dig("timezone")
    return Schedule(
        ("spec", "schedule") if several.absent else several.path,
        spec.raw("concurrencyPolicy", default="Allow"),
        suspended=spec.dig("suspend") is True,
        exclusive=any(locks.get(lock) for lock in _LOCKS),
        missed=_MISSED,
        zone_inside=_ZONE_TWICE if zone else "",
    )


def _inner(workflow: SpecView) -> Iterator[Inner]:
    for template in find_templates(workflow):
        text = template.dig("resource", "manifest")
        if isinstance(text, str) and template.dig("resource", "action") in EMBEDDING:
            yield Inner((*template.path, "resource", "manifest"))


def _workflow(
    name: str,
    plural: str,
    root: Path = SPEC,
    own: FactPlaces = (),
    pods: PodReader = _pods,
    **known: Any,
) -> Kind:
    return Kind(
        _GROUP,
        name,
        root=root,
        pods=pods,
        required=(root,),
        rows=(*own, (root, _WORKFLOW)),
        pod_rows=_TEMPLATE_ROWS,
        deferred={root: (*root, "workflowTemplateRef")},
        retries=_retries,
        disruptions=_disruptions,
        deadlines=_deadlines,
        inner=_inner,
        plural=plural,
        **known,
    )


KINDS: tuple[Kind, ...] = (
    _workflow("Workflow", "workflows", pods=_pods_of_a_run),
    _workflow("WorkflowTemplate", "workflowtemplates", facts={"spec": read_spec}, dormant=True),
    _workflow(
        "ClusterWorkflowTemplate",
        "clusterworkflowtemplates",
        facts={"spec": read_spec},
        namespaced=False,
        dormant=True,
    ),
    _workflow("CronWorkflow", "cronworkflows", _SCHEDULED, ((SPEC, _CRON),), schedule=_schedule),
)
