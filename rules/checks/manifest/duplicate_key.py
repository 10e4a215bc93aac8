"""A key is set twice in one mapping.

## What
A mapping in which the same key stands twice.

## Why
The last one wins without a word where a tool is lenient, and the object is refused where it is
strict. Either way somebody's value is not in force.

## Example
```yaml
spec:
  backoffLimit: 3
  backoffLimit: 6
```

## Use instead
```yaml
spec:
  backoffLimit: 3
```

## Fix safety
There is no fix: only a person knows which of the two was meant.

## References
- sigs.k8s.io/yaml (UnmarshalStrict: key already set in map)
"""

from rules.model import Rule, form_table

RULE = Rule(
    code="MLG002",
    name="duplicate-key",
    forms=form_table("duplicate  error  warn  warn  a key is set twice", role_gated=False),
    check=None,
    docs=__doc__ or "",
    scope="every document",
)
