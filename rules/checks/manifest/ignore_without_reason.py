"""An ignore gives no reason.

## What
In profile `strict`, every ignore must state a reason.

## Why
Whoever finds the ignore next year must be able to tell whether it still applies.

## Example
```yaml
restartPolicy: OnFailure  # mlgate: ignore[TRN001]
```

## Use instead
```yaml
restartPolicy: OnFailure  # mlgate: ignore[TRN001] the trainer resumes from its own checkpoint
```

## Fix safety
There is no fix.

## References
- the page on suppression in this documentation
"""

from rules.model import Harm, Rule, form_table

RULE = Rule(
    code="MLG004",
    name="ignore-without-reason",
    harm=Harm.UNJUDGED,
    forms=form_table("reason  warning  off  warn  an ignore gives no reason", role_gated=False),
    check=None,
    docs=__doc__ or "",
    scope="every ignore",
)
