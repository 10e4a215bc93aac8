"""An object of an unknown kind contains pods, which were not checked.

## What
An object contains what looks like a pod template or a pod spec, or asks for accelerators, but
neither mlgate nor the policy knows its kind. Or its kind differs from a known one only in case
(`job`), or is in a group that has no such kind (a Deployment of `v1`).

## Why
Eight GPUs without a deadline, in an in-house kind, silently pass every gate that only checks pods
and Kubernetes' own controllers. A misspelled kind passes all these gates, too, and is then refused
by every cluster.

## Example
```yaml
apiVersion: ml.example.com/v1
kind: TrainingRun
spec: {workers: [{template: {spec: {containers: [{image: trainer}]}}}]}
```

## Use instead
An entry in the policy's `kinds`, which says where the pods are:
```yaml
kinds:
  - {group: ml.example.com, kind: TrainingRun, templates: ["spec.workers[*].template"]}
```
The policy's `unknownKinds: audit | warn | deny` decides about kinds without an entry.

## Fix safety
There is no fix: the summary of `mlgate lint` shows the entry to add, and the message the likely
kind.

## References
- docs/policy.md, kinds
"""

from rules.model import Harm, Rule, form_table

RULE = Rule(
    code="MLG007",
    name="unknown-kind-with-pods",
    harm=Harm.UNJUDGED,
    forms=form_table(
        """
        unjudged  warning  audit  warn  its kind is not known, and it holds pods
        misnamed  error    warn   warn  its kind is known by another spelling, or in another group
        """,
        role_gated=False,
    ),
    check=None,
    docs=__doc__ or "",
    scope="objects of unknown kinds",
)
