"""A resource has a name that no device plugin serves.

## What
An accelerator must be asked for by the name that its device plugin serves, under
`resources.limits`.

## Why
The API server refuses a name without a domain (`gpu`), but accepts any name with one:
`nvidia.com/gpus` passes, and the pod waits for ever for a node that offers it. A GPU directly under
`resources`, instead of `limits`, is silently dropped.

## Example
```yaml
resources: {limits: {nvidia.com/gpus: 1}}
```

## Use instead
```yaml
resources: {limits: {nvidia.com/gpu: 1}}
```
Add names of your own to `accelerators.patterns` or, for other resources, to this rule's parameters.

## Fix safety
Safe if the intended name is certain: no pod could start. Unsafe if the name is merely similar.

## References
- `pkg/apis/core/validation` (ValidateContainerResourceName), aws-neuron/aws-neuron-sdk#1006
"""

from collections.abc import Iterator, Mapping

from rules.accelerators import is_counted
from rules.globs import fits_glob
from rules.manifest import is_template
from rules.model import Harm, Parameter, Problem, Related, Rule, form_table
from rules.paths import Path, dotted, shorten
from rules.refusals import UNQUALIFIED_RESOURCE, refuse_pods
from rules.resource_names import counts_alike, find_meant, find_nearest, is_no_slice
from rules.type_names import Any
from rules.unusual_resources import find_unusual_resources
from rules.wording import move_values
from rules.workload import Workload

_SIDES = ("limits", "requests")
_WAITS = "no device plugin serves it, and the pod waits for ever"
_EXTRA = Parameter("extra_known", "globs of resource names that are right", default=(), like=[""])


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for one in workload.once(find_unusual_resources):
        for problem in _judge(workload, one.path, params):
            yield problem._replace(role_path=one.pod.path)


def _judge(workload: Workload, path: Path, params: Mapping[str, Any]) -> Iterator[Problem]:
    for name in map(str, workload.manifest.mapping(*path)):
        if name not in _SIDES and (workload.accelerators.match(name) or find_meant(name)):
            yield _misplaced(path, name)
    sides = {side: workload.manifest.mapping(*path, side) for side in _SIDES}
    for name in dict.fromkeys(str(name) for side in sides.values() for name in side):
        places = [(*path, side, name) for side in _SIDES if sides[side].get(name) is not None]
        own = any(fits_glob(name, one) for one in params["extra_known"])
        if places and not own and not is_template(name):
            yield from _judge_name(workload, name, places)


def _judge_name(workload: Workload, name: str, places: list[Path]) -> Iterator[Problem]:
    meant = find_meant(name)
    if meant is not None and "/" in name:
        yield _rename(workload, places, f"{_WAITS}; expected {meant}", meant, "unserved")
    elif meant is not None:
        refusal = refuse_pods(UNQUALIFIED_RESOURCE, built_in=workload.kind.built_in)
        yield _rename(workload, places, f"{refusal}; expected {meant}", meant, "unqualified")
    elif is_no_slice(name):
        why = "no GPU has such a MIG slice; expected one such as 1g.5gb or 3g.40gb"
        yield Problem("unserved", places[0], f"{shorten(name)}: {why}")
    elif is_counted(name) and not workload.accelerators.knows(name):
        near = find_nearest(name)
        if near is not None:
            why = f"no device plugin is known that serves it; expected {near}"
            yield _rename(workload, places, why, near, "near")


def _rename(workload: Workload, places: list[Path], why: str, meant: str, form: str) -> Problem:
    path, name = places[0][:-2], shorten(str(places[0][-1]))
    values = [workload.manifest.value(place) for place in places]
    sides = [place[-2] for place in places] if len(places) > 1 else ["limits"]  # it is enough
    moves = [(one, (*path, side, meant)) for one, side in zip(values, sides, strict=True)]
    free = all(workload.manifest.dig(*to) is None for _, to in moves)
    safe = form != "near" and counts_alike(name)
    fix = move_values(f"ask for {meant}", moves, safe=safe) if free else None
    related = tuple(Related(place, "and here") for place in places[1:])
    return Problem(form, places[0], f"{name}: {why}", fix, related=related)


def _misplaced(path: Path, name: str) -> Problem:
    limit = dotted((*path, "limits", find_meant(name) or name))
    message = f"{dotted((*path, name))} is no field, and is dropped; expected {limit}"
    return Problem("misplaced", (*path, name), message)


RULE = Rule(
    code="GPU003",
    name="accelerator-name-known",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        unqualified  error    deny  deny  a name without a domain
        unserved     error    deny  deny  a name that no device plugin serves
        misplaced    error    deny  deny  an accelerator right under resources
        near         warning  warn  warn  a name close to an accelerator's
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="every pod template",
    parameters=(_EXTRA,),
)
