"""Argo: Workflows, whose every template with a container, script or container set is a pod, and
Rollouts, which are like Deployments.

Source: argo-workflows ``pkg/apis/workflow/v1alpha1/workflow_types.go``, ``workflow/controller``,
``workflow/cron/operator.go``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.argo_templates import EMBEDDING, find_templates, is_pod, read_pod, read_words
from rules.kinds.core import SERVICE_PRIORS, replicated_kind
from rules.kinds.podspec import make_unseen_pod, read_raw
from rules.kinds.schema import (
    Answer,
    Ask,
    Deadlines,
    Inner,
    Kind,
    Pod,
    PodReader,
    Reference,
    Retry,
    Schedule,
    read_pods,
)
from rules.manifest import Manifest
from rules.model import Value
from rules.paths import EACH, Path, dig

GROUP = "argoproj.io"

_WORKFLOW: Path = ("spec",)
_SCHEDULED: Path = ("spec", "workflowSpec")
_REFERENCES: tuple[Path, ...] = (
    ("templates", EACH, "steps", EACH, EACH, "templateRef"),
    ("templates", EACH, "dag", "tasks", EACH, "templateRef"),
)
_LOCKS = ("mutex", "mutexes", "semaphore", "semaphores")
_FOR_EVER = "no limit: it retries for ever"
_COUNTING = "it bounds the whole workflow, all retries included"
_NUMBER = re.compile(r"[0-9]{1,12}\Z")
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(h|ms|m|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}


def _pods(base: Path) -> PodReader:
    """The pods of a WorkflowSpec at ``base``: its own, and unseen ones for the templates of other
    objects that it runs and for the objects that it creates."""

    def pods(manifest: Manifest, ask: Ask) -> Iterator[Pod]:
        spec = manifest.mapping(*base)
        for path, template in find_templates(manifest.dig(*base), base):
            yield from _read_template(spec, base, path, template)
        for pattern in _REFERENCES:
            for path, reference in read_pods(manifest, (*base, *pattern)):
                only = str(reference.get("template") or "")
                yield from _referenced(manifest, ask, path, reference, only)
        whole = (*base, "workflowTemplateRef")
        yield from _referenced(manifest, ask, whole, manifest.mapping(*whole))

    return pods


def _read_template(
    spec: Mapping[str, Any], base: Path, path: Path, template: Mapping[str, Any]
) -> Iterator[Pod]:
    text = dig(template, ("resource", "manifest"))
    if isinstance(text, str):
        yield make_unseen_pod(path, name=str(template.get("name") or ""), text=text)
        return
    pod = read_pod(spec, base, path, template)
    if pod is not None:
        yield pod


def _referenced(
    manifest: Manifest, ask: Ask, path: Path, body: Mapping[str, Any], only: str = ""
) -> Iterator[Pod]:
    """What is known of the templates of another object: they are judged there."""
    name = body.get("name")
    if not isinstance(name, str):
        return
    wide = body.get("clusterScope") is True
    reference = Reference(
        GROUP,
        ("ClusterWorkflowTemplate" if wide else "WorkflowTemplate",),
        None if wide else manifest.identity.namespace,
        name,
    )
    answer, spec = ask(reference, "spec")
    for _, template in find_templates(spec if answer is Answer.FOUND else None):
        if only in ("", template.get("name")) and is_pod(template):
            text = read_words(template)
            yield make_unseen_pod(path, name=str(template.get("name") or ""), text=text)


def _retries(base: Path) -> Any:
    def retries(manifest: Manifest) -> Iterator[Retry]:
        places: list[tuple[Path, Path | None]] = [(base, None), ((*base, "templateDefaults"), None)]
        places += [(path, path) for path, _ in find_templates(manifest.dig(*base), base)]
        for place, pod in places:
            strategy = manifest.dig(*place, "retryStrategy")
            if isinstance(strategy, dict):
                for retry in _retry(manifest, (*place, "retryStrategy"), strategy):
                    yield retry._replace(pod=pod)

    return retries


def _retry(manifest: Manifest, path: Path, strategy: Mapping[str, Any]) -> Iterator[Retry]:
    """A retry strategy without a limit, an expression or a longest duration has no end
    (argo-workflows ``examples/retry-container-to-completion.yaml``)."""
    limit = manifest.value((*path, "limit"))
    if limit.absent and (strategy.get("expression") or dig(strategy, ("backoff", "maxDuration"))):
        return
    yield Retry(_number(limit), _FOR_EVER, preset=3)


def _deadlines(base: Path) -> Any:
    def deadlines(manifest: Manifest, pods: Any) -> Deadlines | None:
        pods = tuple(pods)
        own = [pod.path for pod in pods if pod.containers]
        whole = (*base, "activeDeadlineSeconds")
        places = [_number(manifest.value(whole))]
        for path in ((*base, "templateDefaults"), *own):
            places.append(_number(manifest.value((*path, "activeDeadlineSeconds"))))
            places.append(_duration(manifest.value((*path, "timeout"))))
        if all(place.absent for place in places) and len(own) < max(1, len(pods)):
            return None
        return Deadlines(tuple(places), fix_at=(whole,), counting=_COUNTING)

    return deadlines


def _number(value: Value) -> Value:
    """An IntOrString's number."""
    text = value.value
    if isinstance(text, str) and _NUMBER.match(text):
        return value._replace(value=int(text))
    return value


def _duration(value: Value) -> Value:
    """A Go duration such as ``1h30m`` in seconds."""
    text = value.value
    parts = _PART.findall(text) if isinstance(text, str) else []
    if not parts or "".join(map("".join, parts)) != text:
        return _number(value)
    return value._replace(value=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def _schedule(manifest: Manifest) -> Schedule:
    """``schedules`` since v3.6, ``schedule`` before."""
    several = manifest.value(("spec", "schedules"))
    concurrency = read_raw(manifest, ("spec", "concurrencyPolicy"), "Allow")
    locks = manifest.mapping(*_SCHEDULED, "synchronization")
    return Schedule(
        ("spec", "schedule") if several.absent else several.path,
        concurrency,
        suspended=manifest.dig("spec", "suspend") is True,
        exclusive=any(locks.get(lock) for lock in _LOCKS),
    )


def _inner(base: Path) -> Any:
    def inner(manifest: Manifest) -> Iterator[Inner]:
        for path, template in find_templates(manifest.dig(*base), base):
            text = dig(template, ("resource", "manifest"))
            if isinstance(text, str) and dig(template, ("resource", "action")) in EMBEDDING:
                yield Inner((*path, "resource", "manifest"))

    return inner


def _spec_facts(manifest: Manifest) -> dict[str, Any]:
    return {"spec": manifest.mapping("spec")}


def _workflow(name: str, plural: str, base: Path = _WORKFLOW, **known: Any) -> Kind:
    return Kind(
        GROUP,
        name,
        pods=_pods(base),
        required=(base,),
        retries=_retries(base),
        deadlines=_deadlines(base),
        inner=_inner(base),
        plural=plural,
        **known,
    )


KINDS: tuple[Kind, ...] = (
    _workflow("Workflow", "workflows"),
    _workflow("WorkflowTemplate", "workflowtemplates", facts=_spec_facts),
    _workflow(
        "ClusterWorkflowTemplate",
        "clusterworkflowtemplates",
        facts=_spec_facts,
        namespaced=False,
    ),
    _workflow("CronWorkflow", "cronworkflows", _SCHEDULED, schedule=_schedule),
    replicated_kind(GROUP, "Rollout", "rollouts", SERVICE_PRIORS),
)
