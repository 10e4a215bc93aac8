"""An ignore suppresses nothing.

## What
An ignore, as a comment or an annotation, that matches no finding, or names no rule; a comment in
a document without an object, such as above the first `---`; one that only looks like an ignore.

## Why
A stale ignore hides the next real finding of its rule, and a misspelt one hides nothing at all.

## Example
```yaml
backoffLimit: 3  # mlgate: ignore[TRN002] bounded by the operator
```

## Use instead
```yaml
backoffLimit: 3
```

## Fix safety
Safe: nothing reads such a comment but mlgate. The codes that suppress nothing are taken out of it,
and the comment goes where none is left. What is no ignore at all, a comment in a document without
an object or inside an embedded manifest, and an annotation are left as they are.

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
