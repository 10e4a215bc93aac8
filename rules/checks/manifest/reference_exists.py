"""A workload refers to an object that does not exist.

## What
The claims, ConfigMaps, Secrets, service accounts, queues and runtimes that a workload names must
exist, unless it marks them as optional.

## Why
The API server accepts any name, and the pods wait for as long as the object is missing. If one of
eight training pods waits for its claim, the other seven hold their GPUs, at best until the
deadline.

## Example
```yaml
kind: Job
spec:
  template:
    spec:
      volumes: [{name: data, persistentVolumeClaim: {claimName: dataset}}]
---
kind: PersistentVolumeClaim
metadata: {name: data-set}
```

## Use instead
```yaml
kind: Job
spec:
  template:
    spec:
      volumes: [{name: data, persistentVolumeClaim: {claimName: dataset}}]
---
kind: PersistentVolumeClaim
metadata: {name: dataset}
```
The rule applies with `--complete`, when the files are everything there is, and in a cluster. A
missing Secret is only audited: most are kept out of files. Cluster-scoped objects (priority and
runtime classes, cluster runtimes) are not checked in files; service accounts and Secrets are not
checked in a cluster.

## Fix safety
There is no fix.

## References
- https://kubernetes.io/docs/concepts/storage/persistent-volumes/ and the pages on ConfigMaps
- kueue `pkg/controller/core` (a Workload whose LocalQueue does not exist is inadmissible)
"""

from collections.abc import Iterator, Mapping

from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted, shorten
from rules.type_names import TYPE_CHECKING, Any
from rules.wording import join_problems
from rules.workload import ML_ROLES, Workload

if TYPE_CHECKING:
    from rules.kinds.named_objects import NamedObject


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    if not workload.neighbourhood.tells_absence:
        return
    from rules.dependencies import find_missing  # noqa: PLC0415 - few runs know all objects

    missing: dict[Any, list[Problem]] = {}
    for role_path, named in find_missing(workload, workload.pods_of(ML_ROLES)):
        problem = _tell(named)._replace(role_path=role_path)
        missing.setdefault(named.reference, []).append(problem)
    yield from map(join_problems, missing.values())


def _tell(named: "NamedObject") -> Problem:
    kind = " or ".join(named.reference.kinds)
    found = f"{dotted(named.path)} is {shorten(named.reference.name)}"
    message = f"{found}, and there is no {kind} of that name: the pods wait until there is"
    return Problem("secret" if named.secret else "missing", named.path, message)


RULE = Rule(
    code="REF001",
    name="reference-exists",
    harm=Harm.NEVER_STARTS,
    forms=form_table("""
        missing  warning  warn   warn   an object is named that is not there
        secret   info     audit  audit  a Secret is named that is in no file
    """),
    check=check,
    docs=__doc__ or "",
    scope="machine learning, in a cluster or with --complete",
    roles=ML_ROLES,
)
