"""Ray assumes another shape than its cluster has.

## What
Ray containers need whole CPUs and requests as large as their limits; the head needs memory.
`rayVersion` must match the image. Autoscaled pods need room, a service must survive its head.

## Why
KubeRay passes the limits to Ray, which schedules by them: half a CPU counts as one, and memory
beyond the request may not be there. If the head runs out of memory, all tasks and actors are lost.

## Example
```yaml
kind: RayService
spec:
  rayClusterConfig:
    headGroupSpec: {template: {spec: {containers: [{resources: {limits: {cpu: 500m}}}]}}}
```

## Use instead
```yaml
kind: RayService
spec:
  rayClusterConfig:
    gcsFaultToleranceOptions: {redisAddress: "redis:6379"}
    headGroupSpec:
      template: {spec: {containers: [{name: head, resources: {limits: {cpu: 2, memory: 8Gi}}}]}}
```
Where `rayStartParams` state the resources, they override the limits.

## Fix safety
There is no fix: the size of a cluster is your decision.

## References
- https://docs.ray.io (RayCluster configuration; GCS fault tolerance)
- kuberay `ray-operator/controllers/ray/common/pod.go`, `utils/validation.go`
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.quantity import parse_quantity
from rules.ray_clusters import (
    find_fixed_groups,
    find_head_memory,
    find_lone_heads,
    find_other_releases,
    find_restarting,
    find_shares,
    list_ray_pods,
)
from rules.type_names import Any
from rules.wording import join_problems, show_value, tell_value
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.at(facts.RAY_VERSION) is None:
        return
    found = [*_judge_containers(workload), *_judge_scaling(workload)]
    if not workload.partial:
        found += [*_judge_head(workload, params["head_memory_min"]), *_judge_service(workload)]
    for form in dict.fromkeys(problem.form for problem in found):
        yield join_problems([problem for problem in found if problem.form == form])


def _judge_containers(workload: Workload) -> Iterator[Problem]:
    pods = list_ray_pods(workload)
    for version, other in find_other_releases(workload, [one for _, one in pods]):
        message = f"{tell_value(version)}, but an image has Ray {other}; expected {other}"
        yield Problem("version", version.path, message)
    for pod, container in pods:
        for path, told in find_shares(workload, pod, container):
            yield Problem("share", path, f"{dotted(path)} {told}")


def _judge_scaling(workload: Workload) -> Iterator[Problem]:
    for policy, effect in find_restarting(workload):
        yield Problem("restart", policy.path, f"{tell_value(policy)}: {effect}; expected Never")
    for bound in find_fixed_groups(workload):
        found = f"{tell_value(bound)}, as minReplicas is, and the cluster is to scale"
        yield Problem("fixed", bound.path, f"{found}; expected room for it")


def _judge_head(workload: Workload, least: str) -> Iterator[Problem]:
    for path, limit in find_head_memory(workload):
        if (parse_quantity(limit) or 0) < (parse_quantity(least) or 0):
            told = f"{dotted(path)} is {'not set' if limit is None else show_value(limit)}"
            lost = "a head that runs out of memory loses all work"
            yield Problem("head", path, f"{told}: {lost}; expected at least {least}")


def _judge_service(workload: Workload) -> Iterator[Problem]:
    for options in find_lone_heads(workload):
        message = f"{tell_value(options)}: the whole service restarts with its head"
        yield Problem("fault", options.path, f"{message}; expected a Redis that outlives the head")


RULE = Rule(
    code="DST007",
    name="ray-cluster-shape",
    harm=Harm.LOSES_WORK,
    forms=form_table(
        """
        version  warning  audit  audit  rayVersion is another release than the image's
        share    info     audit  audit  Ray counts with more than a container has for sure
        restart  warning  audit  warn   the autoscaler's pods restart in place
        fixed    info     audit  audit  an autoscaled cluster has no room to scale in
        head     info     audit  audit  the head has little memory, or no limit of it
        fault    info     audit  audit  a cluster that serves does not survive its head
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="Ray clusters",
    reads=(facts.RAY_VERSION,),
    parameters=(Parameter("head_memory_min", "least memory of a head", default="4Gi"),),
)
