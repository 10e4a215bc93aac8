"""A kustomize patch replaces a list of a custom resource.

## What
A strategic merge patch of a custom resource must repeat in full every list that it contains.

## Why
kustomize merges the lists of Kubernetes' own kinds by their merge keys. For a custom resource it
knows none, so the patch's list replaces the base's: a patch that was to add one variable to a
container drops the container's image, command and GPUs. The build succeeds all the same.

## Example
```yaml
# a patch of a PyTorchJob
spec:
  pytorchReplicaSpecs:
    Worker:
      template: {spec: {containers: [{name: pytorch, env: [{name: DEBUG, value: "1"}]}]}}
```

## Use instead
```yaml
patches:
- target: {kind: PyTorchJob}
  patch: |-
    - op: add
      path: /spec/pytorchReplicaSpecs/Worker/template/spec/containers/0/env
      value: [{name: DEBUG, value: "1"}]
```
Or `openapi:` in the kustomization, with a schema that has merge keys. Nothing is reported if there
is one, if the surrounding mapping says `$patch: replace`, or if the base is not known.

## Fix safety
There is no fix.

## References
- kubernetes-sigs/kustomize#1027, #2825 and #4600, argoproj/argo-rollouts#538
- https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/openapi/
"""

from rules.model import Harm, Rule, form_table
from rules.patches import LostItems
from rules.paths import dotted, shorten

_MOST = 4
_EXPECTED = "expected a patch of JSON operations, or openapi: in the kustomization"


def describe_replacement(kind: str, replaced: LostItems) -> str:
    """What is lost where kustomize builds the patch of a custom resource."""
    lost = [shorten(one) for one in replaced.lost]
    told = ", ".join(lost[:_MOST])
    told += f" and {len(lost) - _MOST} more" if len(lost) > _MOST else ""
    found = f"{dotted(replaced.path)} takes the place of the base's list: {told} will be gone"
    why = f"kustomize knows no merge keys of a {shorten(kind)}"
    return f"{found}, as {why}; {_EXPECTED}"


RULE = Rule(
    code="MET006",
    name="patch-replaces-list-of-custom-resource",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        "list  error  warn  warn  a patch replaces a list of a custom resource", role_gated=False
    ),
    check=None,
    docs=__doc__ or "",
    scope="kustomize patches",
)
