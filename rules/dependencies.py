"""The other objects that a workload's pods cannot start without, and which of them are missing."""

from collections.abc import Iterable, Iterator

from rules.kinds.facts import QUEUE, SERVICE_ACCOUNT
from rules.kinds.lookups import Answer
from rules.kinds.named_objects import (
    NamedObject,
    name_account,
    name_of_environment,
    name_of_volumes,
    name_queue,
    name_templates,
)
from rules.kinds.pods import Pod
from rules.paths import Path, has
from rules.workload import Workload

_ANY_FACT = "exists"


def find_missing(
    workload: Workload, pods: Iterable[Pod]
) -> Iterator[tuple[Path | None, NamedObject]]:
    """What an object or some of its ``pods`` name and is known not to be there, with the pod
    template that names it, where all objects are known. A fragment names what others bring."""
    chosen = tuple(pods)
    if workload.partial or not chosen or not workload.kind.namespaced:
        return
    for named in _name_of_object(workload):
        if _is_missing(workload, named):
            yield None, named
    for pod in chosen:
        for named in _name_of_pod(workload, pod):
            if _is_missing(workload, named):
                yield pod.path, named


def _is_missing(workload: Workload, named: NamedObject) -> bool:
    """What the object itself does not name was merged into it, and is told of where it stands."""
    written = has(workload.manifest.object, named.path)
    return written and workload.ask(named.reference, _ANY_FACT)[0] is Answer.ABSENT


def _name_of_object(workload: Workload) -> Iterator[NamedObject]:
    kind, manifest = workload.kind, workload.manifest
    yield from name_templates(kind.group, kind.name, manifest)
    queue = workload.at(QUEUE)
    if queue is not None and queue.written:
        yield from name_queue(queue.path, queue.value, manifest.identity.namespace)


def _name_of_pod(workload: Workload, pod: Pod) -> Iterator[NamedObject]:
    namespace = workload.identity.namespace
    account = workload.at(SERVICE_ACCOUNT, pod)
    if account is not None and account.written:
        yield from name_account(account.path, account.value, namespace)
    yield from name_of_volumes(pod.volumes, namespace)
    for container in pod.containers:
        yield from name_of_environment(container, namespace)
