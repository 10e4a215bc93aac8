"""A key is set twice in one mapping.

## What
A mapping must not contain the same key twice, or a key before a merge (`<<`) that also brings it.
A key after the merge is not a duplicate: that is how to override a merged value.

## Why
Lenient tools silently use the last value, strict ones refuse the object. Either way somebody's
value is not in force. A key before a merge is worse: for `kubectl` the merge wins, for other tools
the key.

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
There is no fix: only you know which of the two was meant.

## References
- sigs.k8s.io/yaml (UnmarshalStrict: key already set in map)
- go.yaml.in/yaml/v2 `decode.go` (merge: sets what stands before it anew)
"""

from rules.model import Harm, Rule, form_table
from rules.paths import dig, shorten
from rules.reader import Duplicate
from rules.type_names import Any
from rules.wording import show_value


def describe_duplicate(duplicate: Duplicate, body: Any) -> str:
    """What happens to a key that is set twice in a document which reads as ``body``."""
    key = shorten(str(duplicate.path[-1]))
    if not duplicate.merged:
        return f"the key {key} is set twice: the first one is lost"
    if key == "<<":
        return "<< stands twice in one mapping: kubectl merges both, other tools refuse that"
    found = dig(body, duplicate.path)
    return (
        f"the key {key} stands before <<, which brings it too: kubectl takes "
        f"{show_value(found)} from the "
        "merge, other tools the written value; write it below <<"
    )


RULE = Rule(
    code="MLG002",
    name="duplicate-key",
    harm=Harm.UNJUDGED,
    forms=form_table("duplicate  error  warn  warn  a key is set twice", role_gated=False),
    check=None,
    docs=__doc__ or "",
    scope="every document",
)
