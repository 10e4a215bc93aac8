"""Files in memory may use up all memory of a container, or of its node.

## What
An emptyDir with medium Memory needs a sizeLimit, and those that a container mounts must leave it at
least a fifth of its memory limit.

## Why
Files in such a volume count as memory of the container that writes them. Without a bound, a data
loader that falls behind fills it until the container is OOM-killed, far from the cause; with one,
the writer is told that no space is left. Without a memory limit, the node's memory is at risk.

## Example
```yaml
volumes: [{name: dshm, emptyDir: {medium: Memory}}]
```

## Use instead
```yaml
volumes: [{name: dshm, emptyDir: {medium: Memory, sizeLimit: 16Gi}}]
```

## Fix safety
Unsafe: half of the memory limit, at most `max_size`, is enough for most runs, but one that has used
more so far would fail.

## References
- `k8s.io/api/core/v1` EmptyDirVolumeSource (medium, sizeLimit)
- https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod, Volume
from rules.model import Fix, Harm, Parameter, Problem, Rule, Value, form_table
from rules.paths import dig, dotted
from rules.quantity import parse_quantity
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import ML_ROLES, Workload

_SIZE, _MEDIUM = ("emptyDir", "sizeLimit"), ("emptyDir", "medium")
_MOST = 0.8  # of a memory limit, for files


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in () if workload.partial else workload.pods_of(ML_ROLES):
        if pod.volumes:
            yield from _judge(workload, pod, params)


def _judge(workload: Workload, pod: Pod, params: Mapping[str, Any]) -> Iterator[Problem]:
    volumes = {one.name: one for one in pod.volumes if _is_memory(workload, one)}
    users = [(one, _mounted(volumes, one)) for one in pod.mains]
    for volume in volumes.values():
        containers = [one for one, mounted in users if volume in mounted]
        size = workload.manifest.value((*volume.path, *_SIZE))
        if containers and size.absent:
            message = (
                f"{tell_value(size)}: files there take memory until there is none; expected one"
            )
            fix = _mend(size, containers, params)
            yield Problem("unbounded", size.path, message, fix, role_path=pod.path)
    for container, mounted in users:
        yield from _add_up(workload, pod, container, mounted)


def _is_memory(workload: Workload, volume: Volume) -> bool:
    """Whether a volume is in memory, and stands in the object itself."""
    named = dig(volume.body, _MEDIUM) == "Memory"
    return named and bool(workload.manifest.dig(*volume.path, *_MEDIUM) == "Memory")


def _mounted(volumes: Mapping[str, Volume], container: Container) -> list[Volume]:
    names = dict.fromkeys(mount.volume for mount in container.mounts)
    return [volumes[name] for name in names if name in volumes]


def _mend(value: Value, containers: list[Container], params: Mapping[str, Any]) -> Fix | None:
    from rules.shared_memory import choose_size  # noqa: PLC0415 - few volumes are in memory

    limits = [one.get("resources", "limits", "memory") for one in containers]
    least = min(limits, key=lambda one: parse_quantity(one) or 0)
    size = choose_size(least, params["size_percent"], params["max_size"])
    return None if size is None else write_value(value, size, safe=False)


def _add_up(
    workload: Workload, pod: Pod, container: Container, mounted: list[Volume]
) -> Iterator[Problem]:
    """What a container's files in memory may come to, against its limit."""
    path, resources = workload.resources(container)
    written = dig(resources, ("limits", "memory"))
    sizes = {(*one.path, *_SIZE): parse_quantity(dig(one.body, _SIZE)) or 0 for one in mounted}
    limit, total = parse_quantity(written), sum(sizes.values())
    if not limit or not total or total < _MOST * limit:
        return
    fields = [dotted(place) for place, size in sizes.items() if size]
    share = f"{100 * total / limit:.0f}% of {dotted((*path, 'limits', 'memory'))}, {written}"
    message = f"{' + '.join(fields)} is {share}; expected less than {100 * _MOST:.0f}%"
    yield Problem("large", max(sizes, key=lambda one: sizes[one]), message, role_path=pod.path)


RULE = Rule(
    code="STO006",
    name="memory-volume-unbounded",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        unbounded  warning  audit  audit  a volume in memory has no bound
        large      warning  audit  audit  volumes in memory leave a container too little of its own
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="pods of machine learning",
    roles=ML_ROLES,
    parameters=(
        Parameter("size_percent", "the part of the memory limit that a fix allows", default=50),
        Parameter("max_size", "the most that a fix allows", default="16Gi"),
    ),
)
