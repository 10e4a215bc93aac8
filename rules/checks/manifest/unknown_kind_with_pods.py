"""An object of a kind that nobody knows holds pods, which were not judged.

## What
An object holds what looks like a pod template, or a pod spec, or asks for accelerators, and neither
mlgate nor the policy knows its kind. Or its kind is one that is known but for the case of its
letters (`job`), or is in a group that has no such kind (a Deployment of `v1`).

## Why
Eight GPUs without a deadline, in a kind of one's own, pass every gate that looks at pods and at
Kubernetes' own controllers, and nobody says so. A misspelled kind is refused by every cluster,
after every gate before that has let it pass.

## Example
```yaml
apiVersion: ml.example.com/v1
kind: TrainingRun
spec: {workers: [{template: {spec: {containers: [{image: trainer}]}}}]}
```

## Use instead
An entry among the policy's `kinds`, which says where the pods stand:
```yaml
kinds:
  - {group: ml.example.com, kind: TrainingRun, templates: ["spec.workers[*].template"]}
```
The policy's `unknownKinds: audit | warn | deny` says what becomes of those that have none.

## Fix safety
There is no fix: the last lines of `mlgate lint` have the entry to add, the message the kind that is
meant.

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
