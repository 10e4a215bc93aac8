"""A scalar has a type that its field does not accept.

## What
Values of `env`, labels, annotations, node selectors and command arguments must be strings. Budgets,
bounds, counts and probe timings must be whole numbers.

## Why
YAML does not read `true`, `on`, `yes`, `8080` and `1.10` as strings, nor "2" as a number. The API
server refuses the whole object, and nothing warns you before.

## Example
```yaml
env: [{name: USE_AMP, value: on}]
backoffLimit: "2"
```

## Use instead
```yaml
env: [{name: USE_AMP, value: "on"}]
backoffLimit: 2
```

## Fix safety
Safe: the text is quoted as it is in the file, or the number loses its quotes; the object could not
be applied before. Unsafe if a duration is converted to seconds, or if the original spelling is not
known.

## References
- kubernetes/kubernetes#14948 and #118649, coder/code-server#6563, VictoriaMetrics/helm-charts#269
- apimachinery `pkg/runtime/serializer/json`
"""

import re
from collections.abc import Iterator, Mapping

from rules.model import Fix, Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.refusals import WRONG_TYPE, WRONG_TYPE_IN_SCHEMA, refuse
from rules.type_names import Any
from rules.typed_fields import TEXT, Mistyped, find_mistyped
from rules.wording import show_value, write_values
from rules.workload import Workload

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = r"([0-9]{1,9})([smhdw])"


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    if not (workload.pods or workload.autoscalers):
        return
    for found in workload.once(find_mistyped):
        checked = workload.kind.built_in or found.of_metadata
        yield _tell(workload, found, "built-in" if checked else "operator")


def _tell(workload: Workload, found: Mistyped, form: str) -> Problem:
    written = workload.manifest.plain_text(found.path)
    text = found.expected == TEXT
    expected = "a text, in quotes" if text else "a whole number"
    why = WRONG_TYPE.format(found=found.found, expected=found.expected)
    if form == "operator":
        why = WRONG_TYPE_IN_SCHEMA.format(expected=found.expected if text else "integer")
    message = f"{dotted(found.path)} is {_show(found.value, written)}; {refuse(why)}"
    fix = _quote(workload, found, written) if text else _free(workload, found)
    return Problem(form, found.path, f"{message}; expected {expected}", fix)


def _show(value: Any, written: str | None) -> str:
    shown = f"'{value}'" if isinstance(value, str) else show_value(value)
    told = isinstance(value, str) or written in (None, shown)
    return shown if told else f"{shown} (written {written})"


def _quote(workload: Workload, found: Mistyped, written: str | None) -> Fix:
    text = written or show_value(found.value)
    return _write(workload, found, text, f'"{text}"', safe=written is not None)


def _free(workload: Workload, found: Mistyped) -> Fix | None:
    text = str(found.value).strip()
    duration = re.fullmatch(_DURATION, text)
    if duration:
        seconds = int(duration[1]) * _SECONDS[duration[2]]
        return _write(workload, found, seconds, str(seconds), safe=False)
    if not re.fullmatch(r"[0-9]{1,10}", text):
        return None
    return _write(workload, found, int(text), str(int(text)), safe=True)


def _write(workload: Workload, found: Mistyped, new: Any, shown: str, *, safe: bool) -> Fix:
    title = f"write {dotted(found.path)} as {shown}"
    return write_values(title, [(workload.manifest.value(found.path), new)], safe=safe)


RULE = Rule(
    code="MET004",
    name="scalar-of-wrong-type",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        built-in  error  deny  deny  the API server refuses the type of a value
        operator  error  warn  warn  a value in an operator's object has a type that it cannot have
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="objects with pods, and autoscalers",
    reads=("pods", "autoscalers"),
)
