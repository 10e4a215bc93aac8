"""An annotation has no effect where it is.

## What
An annotation must be where a controller looks for it, under a name that the controller still reads.

## Why
No API refuses an annotation that is never read. If the Job says `safe-to-evict: "false"`, but not
its pod template, the node is still drained under the training. A server scales at 80 % CPU although
somebody wrote 30 in an annotation that KServe no longer reads.

## Example
```yaml
kind: Job
metadata:
  annotations: {cluster-autoscaler.kubernetes.io/safe-to-evict: "false"}
```

## Use instead
```yaml
kind: Job
spec:
  template:
    metadata:
      annotations: {cluster-autoscaler.kubernetes.io/safe-to-evict: "false"}
```
The rule covers pod annotations (autoscalers, GCS Fuse, HAMi, KAI and Run:ai) on the object that
creates the pods, and annotations of KServe and Knative that the deployment mode does not use.

## Fix safety
Unsafe: the annotation takes effect, which it has not done so far.

## References
- kserve/kserve#3638 and #2279, kubernetes/autoscaler `cluster-autoscaler/utils/drain`
- HAMi `pkg/device`, kai-scheduler `docs/gpu-sharing`
"""

from collections.abc import Iterator, Mapping

from rules.kinds.inert import InertPlace, find_inert
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.type_names import Any
from rules.wording import move_value
from rules.workload import ML_ROLES, Workload

_SHARES = ("gpu-", "nvidia.com/", "volcano.sh/", "hami.io/")
"""Who asks for a share of a GPU is of machine learning, whatever runs there."""


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    kind, manifest = workload.kind, workload.manifest
    for found in find_inert(kind.group, kind.name, manifest) if workload.pods else ():
        if str(found.path[-1]).startswith(_SHARES) or workload.pods_of(ML_ROLES):
            yield _tell(workload, found)


def _tell(workload: Workload, found: InertPlace) -> Problem:
    message = f"{dotted(found.path)} does nothing: {found.row.why}"
    if found.home is None:
        return Problem("annotation", found.path, f"{message}; expected {found.row.instead}")
    value = workload.manifest.value(found.path)
    fix = move_value(value, found.home, workload.manifest.object, safe=False)
    expected = f"expected it in {dotted(found.home[:-1])}"
    return Problem("annotation", found.path, f"{message}; {expected}", fix)


RULE = Rule(
    code="MET005",
    name="inert-field",
    harm=Harm.UNJUDGED,
    forms=form_table(
        "annotation  warning  warn  warn  an annotation stands where nobody reads it",
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="machine learning",
)
