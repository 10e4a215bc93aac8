"""An annotation of mlgate's has a value that it does not know.

## What
`mlgate.dev/role` names no role, or `mlgate.dev/ignore` cannot be read.

## Why
The value is passed over, so the workload is judged as if nothing had been said.

## Example
```yaml
metadata:
  annotations:
    mlgate.dev/role: trainig
```

## Use instead
```yaml
metadata:
  annotations:
    mlgate.dev/role: training
```

## Fix safety
There is no fix.

## References
- the pages on roles and on suppression in this documentation
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.model import Problem, Rule, form_table
from rules.paths import Path, dig, shorten
from rules.roles import OVERRIDES
from rules.wording import show_value
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    label = params["roles"]["label"]
    scopes: dict[Path, None] = dict.fromkeys(((), *(pod.path for pod in workload.pods)))
    for scope in scopes:
        for place in ("annotations", "labels"):
            path = (*scope, "metadata", place, label)
            value = dig(workload.manifest.object, path)
            if value is None or (isinstance(value, str) and value in OVERRIDES):
                continue
            found = f"'{shorten(value)}'" if isinstance(value, str) else show_value(value)
            message = f"{label} is {found}; expected one of {', '.join(sorted(OVERRIDES))}"
            yield Problem("unknown", path, message)


RULE = Rule(
    code="MLG006",
    name="unknown-annotation-value",
    forms=form_table(
        "unknown  warning  warn  warn  an annotation's value is not known", role_gated=False
    ),
    check=check,
    docs=__doc__ or "",
    scope="every object",
    reads=(),
)
