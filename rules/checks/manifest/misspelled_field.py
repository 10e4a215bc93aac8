"""A field is misspelled.

## What
The keys of a workload must be fields of its kind, spelled exactly: the same capitals, no hyphens or
underscores, the right singular or plural.

## Why
The API server drops unknown fields. `kubectl` refuses to send them by default, but Helm, Argo CD,
Flux and client libraries may not. The budget, bound or probe in the manifest then does not exist,
and other tools report it as missing.

## Example
```yaml
kind: Job
spec:
  backoffLimt: 2
```

## Use instead
```yaml
kind: Job
spec:
  backoffLimit: 2
```

## Fix safety
Safe if the value has the type of the correct field: the field is renamed. Unsafe if the type
differs or is unknown, and in a patch. No other rule adds the correct field beside it.

## References
- apimachinery `pkg/runtime/serializer/json` (strict decoding), apiextensions `pruning`
- KEP-2885 (server-side validation of unknown fields)
"""

from collections.abc import Iterator, Mapping

from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.strays import Stray, find_misspelled
from rules.type_names import Any
from rules.wording import move_value, tell_value
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    form = "built-in" if workload.kind.built_in else "operator"
    for stray in workload.once(find_misspelled):
        yield _tell(workload, stray, form)


def _tell(workload: Workload, stray: Stray, form: str) -> Problem:
    value, home = stray.value, stray.home or ()
    safe = stray.safe and not workload.partial
    fix = move_value(value, home, workload.manifest.object, safe=safe)
    if fix:
        fix = fix._replace(title=f"rename {dotted(value.path)} to {home[-1]}")
    message = f"{tell_value(value)}, and there is no such field: {stray.fate}"
    return Problem(form, value.path, f"{message}; expected {home[-1]}", fix)


RULE = Rule(
    code="MET007",
    name="misspelled-field",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table(
        """
        built-in  error  warn  deny  a field of a built-in kind is misspelled
        operator  error  warn  warn  a field of an operator's kind is misspelled
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="every object",
    reads=(),
)
