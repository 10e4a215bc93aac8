"""No NetworkPolicy selects a model server.

## What
A NetworkPolicy of its namespace must select the pods of a model server.

## Why
Without one, every pod in the cluster can query the model and read its metrics. An attacker who
takes over the server, through a model or a prompt, can reach every other service and the cloud's
metadata.

## Example
```yaml
kind: Deployment
spec:
  template:
    metadata: {labels: {app: chat}}
    spec: {containers: [{name: vllm, image: "vllm/vllm-openai:v0.9.1"}]}
```

## Use instead
```yaml
kind: NetworkPolicy
spec:
  podSelector: {matchLabels: {app: chat}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: gateway}}}]}]
```
The rule applies in a cluster, and with `--complete`, when all objects are known. Other kinds of
policies (Cilium's, Istio's, cluster-wide ones) are not checked.

## Fix safety
There is no fix: only you know the model's clients.

## References
- https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from collections.abc import Iterator, Mapping

from rules.kinds.lookups import Answer
from rules.model import Harm, Problem, Rule, form_table
from rules.type_names import Any
from rules.wording import join_problems
from rules.workload import SERVING, Workload

_MESSAGE = (
    "no NetworkPolicy selects these pods: whatever runs in the cluster may ask the model; "
    "expected one whose podSelector takes their labels"
)


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    runs = workload.kind.namespaced and not (workload.kind.dormant or workload.partial)
    if not workload.neighbourhood.tells_absence or not runs:
        return
    problems = [
        Problem("absent", pod.metadata_at or pod.path, _MESSAGE, role_path=pod.path)
        for pod in workload.pods_of(SERVING)
        if workload.neighbourhood.find_network_policies(pod)[0] is Answer.ABSENT
    ]
    if problems:
        yield join_problems(problems)


RULE = Rule(
    code="NET001",
    name="model-server-network-policy",
    harm=Harm.LEAKS,
    forms=form_table("absent  info  audit  audit  no NetworkPolicy selects a model server"),
    check=check,
    docs=__doc__ or "",
    scope="serving, in a cluster or with --complete",
    roles=SERVING,
)
