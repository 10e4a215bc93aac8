"""Scalars of a type that their field does not take: places and values, whatever the kind."""

from collections.abc import Iterable, Iterator
from typing import Any

from rules.kinds.facts import DEADLINE, STARTING_DEADLINE, WHOLE_NUMBERS
from rules.kinds.pods import Container, Pod
from rules.manifest import is_template
from rules.paths import Path, dig, items
from rules.record import NamedTuple
from rules.workload import Workload

TEXT, NUMBER, LONG_NUMBER = "string", "int32", "int64"
_LONG = frozenset({DEADLINE, STARTING_DEADLINE})
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_COUNTS = (
    "failureThreshold",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "timeoutSeconds",
)


class Mistyped(NamedTuple):
    """A scalar of another type than its field's, in the words of the API server (Go's)."""

    path: Path
    value: Any
    expected: str
    of_metadata: bool = False

    @property
    def found(self) -> str:
        if isinstance(self.value, bool):
            return "bool"
        return "number" if isinstance(self.value, int | float) else "string"


def find_mistyped(workload: Workload) -> tuple[Mistyped, ...]:
    """The scalars of the wrong type in metadata, in pods, and in the numbers that rules read."""
    body = workload.manifest.object
    own = list(_metadata(body, ("metadata",)))
    found = [one._replace(of_metadata=True) for one in own]
    for pod in workload.pods:
        found += _of_pod(body, pod)
    found += _numbers(workload)
    # Pods may share a place.
    return tuple({one.path: one for one in found}.values())


def _metadata(body: Any, at: Path) -> Iterator[Mistyped]:
    for key in ("labels", "annotations"):
        yield from _texts(body, (*at, key))


def _of_pod(body: Any, pod: Pod) -> Iterator[Mistyped]:
    if pod.metadata_at:
        yield from _metadata(body, pod.metadata_at)
    yield from _texts(body, (*pod.spec_path, "nodeSelector"))
    for container in pod.containers:
        yield from _of_container(body, container)


def _of_container(body: Any, container: Container) -> Iterator[Mistyped]:
    for key in ("command", "args"):
        yield from _texts(body, container.place(key))
    env = container.place("env")
    for index, variable in items(dig(body, env)):
        if isinstance(variable, dict):
            yield from _judge_text((*env, index, "name"), variable.get("name"))
            yield from _judge_text((*env, index, "value"), variable.get("value"))
    for probe in _PROBES:
        place = container.place(probe)
        found = dig(body, place)
        for key in _COUNTS if isinstance(found, dict) else ():
            yield from _judge_number((*place, key), found.get(key))


def _texts(body: Any, at: Path) -> Iterator[Mistyped]:
    for key, value in items(dig(body, at)):
        yield from _judge_text((*at, key), value)


def _judge_text(path: Path, value: Any) -> Iterator[Mistyped]:
    # Null is the empty text to Go.
    if isinstance(value, bool | int | float):
        yield Mistyped(path, value, TEXT)


def _numbers(workload: Workload) -> Iterable[Mistyped]:
    for fact in WHOLE_NUMBERS:
        for place in workload.each(fact):
            # In an annotation a number is a text.
            annotated = "annotations" in place.path or "labels" in place.path
            if not (annotated or place.absent or place.unknown):
                expected = LONG_NUMBER if fact in _LONG else NUMBER
                yield from _judge_number(place.path, place.value, expected)


def _judge_number(path: Path, value: Any, expected: str = NUMBER) -> Iterator[Mistyped]:
    wrong = isinstance(value, str) and value != "" and not is_template(value)
    if wrong or isinstance(value, bool):
        yield Mistyped(path, value, expected)
