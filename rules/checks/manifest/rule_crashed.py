"""A rule crashed on this object.

## What
A rule failed with an internal error. The other rules still ran.

## Why
A rule that did not finish has not passed. The run ends with exit code 3, so that you notice.

## Example
There is none: this is a bug in mlgate. Please report it together with the object.

## Use instead
Turn the rule off in the policy until it is fixed: `rules: {TRN001: off}`.

## Fix safety
There is no fix.

## References
- the project's issue tracker
"""

from rules.model import Harm, Rule, form_table

RULE = Rule(
    code="MLG005",
    name="rule-crashed",
    harm=Harm.UNJUDGED,
    forms=form_table("crashed  error  warn  warn  a rule crashed", role_gated=False),
    check=None,
    docs=__doc__ or "",
    scope="every object",
)
