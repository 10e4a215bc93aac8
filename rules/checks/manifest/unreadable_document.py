"""A document cannot be read.

## What
A document is not YAML as Kubernetes reads it, or exceeds the limits on size or depth.

## Why
What cannot be read cannot be checked, and a gate that silently skips it is worse than none.

## Example
```yaml
spec: [1, 2
```

## Use instead
```yaml
spec: [1, 2]
```

## Fix safety
There is no fix.

## References
- sigs.k8s.io/yaml (go-yaml v2)
"""

from rules.model import Harm, Rule, form_table

RULE = Rule(
    code="MLG001",
    name="unreadable-document",
    harm=Harm.UNJUDGED,
    forms=form_table("unreadable  error  deny  deny  a document cannot be read", role_gated=False),
    check=None,
    docs=__doc__ or "",
    scope="every document",
)
