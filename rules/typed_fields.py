"""Scalars of a type that their field does not take: places and values, whatever the kind."""

from collections.abc import Iterator
from itertools import chain

from rules.kinds.facts import DEADLINE, STARTING_DEADLINE
from rules.kinds.pods import Container, Pod
from rules.kinds.rows import find_numbers
from rules.manifest import is_template
from rules.paths import Path, dig, items
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload

TEXT, NUMBER, LONG_NUMBER = "string", "int32", "int64"
_LONG = frozenset({DEADLINE, STARTING_DEADLINE})
_NO_TEXTS = frozenset({bool, int, float})
"""Null is the empty text to Go."""
_NO_NUMBERS = frozenset({bool, str})
_LISTS = ("command", "args")
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
    metadata = dig(body, at)
    for key in ("labels", "annotations") if isinstance(metadata, dict) else ():
        if key in metadata and not _are_texts(metadata[key]):
            yield from _texts(metadata[key], (*at, key))


def _of_pod(body: Any, pod: Pod) -> Iterator[Mistyped]:
    if pod.metadata_at:
        yield from _metadata(body, pod.metadata_at)
    selector = (*pod.spec_path, "nodeSelector")
    asked = dig(body, selector)
    if not _are_texts(asked):
        yield from _texts(asked, selector)
    for container in pod.containers:
        yield from _of_container(body, container)


def _of_container(body: Any, container: Container) -> Iterator[Mistyped]:
    own = dig(body, container.path)
    fields = own if isinstance(own, dict) else {}
    if container.elsewhere:
        fields = {key: dig(body, container.place(key)) for key in (*_LISTS, "env", *_PROBES)}
    for key in _LISTS:
        if key in fields and not _are_texts(fields[key]):
            yield from _texts(fields[key], container.place(key))
    if "env" in fields and not _name_texts(fields["env"]):
        yield from _of_environment(fields["env"], container.place("env"))
    for probe in _PROBES:
        if probe in fields:
            yield from _of_probe(fields[probe], container, probe)


def _of_probe(found: Any, container: Container, probe: str) -> Iterator[Mistyped]:
    if not isinstance(found, dict) or _NO_NUMBERS.isdisjoint(map(type, found.values())):
        return
    for key in _COUNTS:
        value = found.get(key)
        if _is_no_number(value):
            yield Mistyped(container.place(probe, key), value, NUMBER)


def _of_environment(env: Any, at: Path) -> Iterator[Mistyped]:
    for index, variable in items(env):
        if isinstance(variable, dict) and not _are_texts(variable):
            told = {key: variable[key] for key in ("name", "value") if key in variable}
            yield from _texts(told, (*at, index))


def _name_texts(env: Any) -> bool:
    """Whether all values of an environment are texts."""
    try:
        values = chain.from_iterable(map(dict.values, env))
        return _NO_TEXTS.isdisjoint(map(type, values))
    except TypeError:  # it is no list of mappings
        return False


def _are_texts(found: Any) -> bool:
    """Whether no item of a mapping or list is a number: told of most without a look at each."""
    sort = type(found)
    if sort is not dict and sort is not list:
        return True
    return _NO_TEXTS.isdisjoint(map(type, found if sort is list else found.values()))


def _texts(found: Any, at: Path) -> Iterator[Mistyped]:
    for key, value in items(found):
        if type(value) in _NO_TEXTS:
            yield Mistyped((*at, key), value, TEXT)


def _numbers(workload: Workload) -> Iterator[Mistyped]:
    for fact, path, value in find_numbers(workload.kind.rows, workload.manifest.object):
        if _is_no_number(value):
            yield Mistyped(path, value, LONG_NUMBER if fact in _LONG else NUMBER)


def _is_no_number(value: Any) -> bool:
    return isinstance(value, bool) or (
        isinstance(value, str) and value != "" and not is_template(value)
    )
