"""What the parts of one object say of each other by name."""

from collections.abc import Iterator

from rules.edits import same
from rules.kinds.facts import POD_FAILURE_POLICY, SELECTOR
from rules.kinds.pods import Pod
from rules.manifest import is_template
from rules.paths import EACH, Path, dig, expand, items
from rules.record import NamedTuple
from rules.refusals import NO_SUCH_CONTAINER, NOT_FOUND, SELECTOR_MISMATCH
from rules.type_names import Any
from rules.wording import list_names
from rules.workload import Workload


class Dangling(NamedTuple):
    """A name of something that is not there."""

    path: Path
    name: str
    missing: str
    expected: str
    refusal: str


class Repetition(NamedTuple):
    """A name that an earlier item of its list has; ``same``: the whole item is. ``refused``: the
    API server takes no two."""

    path: Path
    name: str
    same: bool
    refused: bool


def find_dangling(workload: Workload, pods: tuple[Pod, ...]) -> Iterator[Dangling]:
    """References of an object, and of ``pods`` of it, to parts that it does not have."""
    for pod in pods:
        if _is_whole(pod):
            yield from _lost_mounts(pod)
    yield from _lost_selector(workload)
    yield from _lost_containers(workload)


def find_repeated(workload: Workload, pods: tuple[Pod, ...]) -> Iterator[Repetition]:
    """Items of one list of ``pods`` with one name."""
    body = workload.manifest.object
    for pod in pods:
        yield from _repeats(body, (*pod.spec_path, "volumes"), refused=True)
        for container in pod.containers:
            yield from _repeats(body, container.place("env"), refused=False)
            yield from _repeats(body, container.place("ports"), refused=True)


def _is_whole(pod: Pod) -> bool:
    """Whether nothing is merged into the pod that may bring a volume."""
    return pod.complete and pod.images and not pod.inherits and pod.volumes_at is not None


def _lost_mounts(pod: Pod) -> Iterator[Dangling]:
    known = {volume.name for volume in pod.volumes}
    expected = list_names(sorted(known)) or "a volume of that name"
    for container in pod.containers:
        for mount in container.mounts:
            if mount.volume and mount.volume not in known and not is_template(mount.volume):
                yield Dangling(
                    (*mount.path, "name"),
                    mount.volume,
                    "the pod has no such volume",
                    expected,
                    NOT_FOUND,
                )


def _lost_selector(workload: Workload) -> Iterator[Dangling]:
    """Labels that a selector asks of the template and the template does not have."""
    selector = workload.at(SELECTOR) if workload.kind.built_in else None
    if selector is None or selector.absent or len(workload.pods) != 1:
        return
    labels = workload.pods[0].metadata.get("labels")
    held = labels if isinstance(labels, dict) else {}
    for key, value in items(dig(selector.value, ("matchLabels",))):
        if held.get(key) != value and not is_template(value) and not is_template(held.get(key)):
            path = (*selector.path, "matchLabels", key)
            missing, wanted = "the template's labels differ", "a label of the template"
            yield Dangling(path, str(value), missing, wanted, SELECTOR_MISMATCH)


def _lost_containers(workload: Workload) -> Iterator[Dangling]:
    """Containers that a pod failure policy names."""
    for policy in workload.each(POD_FAILURE_POLICY):
        names = {
            container.name
            for pod in workload.pods
            if pod.path[: len(policy.path) - 1] == policy.path[:-1]
            for container in pod.containers
        }
        expected = f"one of {list_names(sorted(names))}"
        pattern = ("rules", EACH, "onExitCodes", "containerName")
        for path, name in expand(policy.value, pattern, policy.path):
            if isinstance(name, str) and names and name not in names and not is_template(name):
                missing = "the pod has no such container"
                yield Dangling(path, name, missing, expected, NO_SUCH_CONTAINER)


def _repeats(body: Any, at: Path, *, refused: bool) -> Iterator[Repetition]:
    found = dig(body, at)
    if not isinstance(found, (list, dict)) or len(found) < 2:
        return
    seen: dict[str, Any] = {}
    for index, item in items(found):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            continue
        if name in seen:
            yield Repetition((*at, index, "name"), name, same(seen[name], item), refused)
        seen[name] = item
