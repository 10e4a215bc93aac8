"""A container has no image.

## What
Every container of a complete object must have an image.

## Why
A strategic merge patch on a custom resource replaces the whole list of containers: kustomize knows
no merge keys for it, and silently drops the image, command and GPUs of the base. What is left
cannot start.

## Example
```yaml
kind: PyTorchJob
spec:
  pytorchReplicaSpecs:
    Worker:
      template: {spec: {containers: [{name: pytorch, env: [{name: DEBUG, value: "1"}]}]}}
```

## Use instead
A JSON patch (RFC 6902), which names the item that it changes, or `openapi:` in the kustomization
with a schema that has merge keys:
```yaml
patches:
- target: {kind: PyTorchJob}
  patch: |-
    - op: add
      path: /spec/pytorchReplicaSpecs/Worker/template/spec/containers/0/env
      value: [{name: DEBUG, value: "1"}]
```

## Fix safety
There is no fix.

## References
- kubernetes-sigs/kustomize#1027 and #4600, argoproj/argo-rollouts#538
- `pkg/apis/core/validation` (image: Required value)
"""

from collections.abc import Iterator, Mapping

from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.refusals import IMAGE_REQUIRED, refuse
from rules.type_names import Any
from rules.workload import Workload

_PATCHED = (
    "a patch that kustomize merged into a custom resource has probably replaced the list: patch it "
    "by JSON operations, or give the kustomization openapi:"
)


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.partial:
        return
    built_in = workload.kind.built_in
    for pod in workload.pods:
        for container in pod.containers if pod.images and pod.complete else ():
            image = container.place("image")
            if not container.get("image") and workload.manifest.value(image).absent:
                found = f"{dotted(image)} is not set"
                told = refuse(IMAGE_REQUIRED) if built_in else _PATCHED
                yield Problem("built-in" if built_in else "operator", image, f"{found}: {told}")


RULE = Rule(
    code="MET003",
    name="container-without-image",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        built-in  error  deny  deny  the API server refuses a container without an image
        operator  error  warn  warn  an operator cannot start a container without an image
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="whole objects",
)
