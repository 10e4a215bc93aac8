"""An ignore suppresses nothing.

## What
An ignore, in a comment or an annotation, matches no finding or names no rule; a comment is in a
document without an object, such as above the first `---`; or it only looks like an ignore.

## Why
A stale ignore hides the next real finding of its rule, and a misspelled one hides nothing at all.

## Example
```yaml
backoffLimit: 3  # mlgate: ignore[TRN002] bounded by the operator
```

## Use instead
```yaml
backoffLimit: 3
```

## Fix safety
Safe: only mlgate reads such a comment. Codes that suppress nothing are removed, and so is a comment
without any codes left. Comments that only look like an ignore, comments in a document without an
object or inside an embedded manifest, and annotations are left as they are.

## References
- the page on suppression in this documentation
"""

from rules.model import Harm, Rule, form_table

RULE = Rule(
    code="MLG003",
    name="unused-ignore",
    harm=Harm.UNJUDGED,
    forms=form_table("unused  warning  warn  warn  an ignore suppresses nothing", role_gated=False),
    check=None,
    docs=__doc__ or "",
    scope="every ignore",
    fix="safe",
)
