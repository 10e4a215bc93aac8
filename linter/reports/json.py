"""The report for programs: docs/json.md is its contract, docs/report.schema.json its schema."""

import re

from linter.reports import Options, Row

_FINDING = (
    *("rule", "form", "name", "severity", "action", "confidence", "role"),
    *("file", "document", "line", "column", "end_line", "end_column", "path"),
    *("object", "embedded", "message", "related", "fix", "fingerprint", "url"),
)
"""The order of a finding's keys."""

_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal obeys, that turn the writing direction, or that UTF-8 cannot hold."""


def render(result: Row, _options: Options) -> str:
    """The result as JSON, every entry of a list in a line of its own."""
    ordered = {**result, "findings": [_order(finding) for finding in result["findings"]]}
    body = ",\n".join(f"  {_dump(key)}: {_spread(value)}" for key, value in ordered.items())
    return _UNSAFE.sub(_escape, f"{{\n{body}\n}}\n")


def _order(finding: Row) -> Row:
    return {key: finding[key] for key in _FINDING}


def _spread(value: object) -> str:
    if not isinstance(value, list) or not value:
        return _dump(value)
    entries = ",\n".join(f"    {_dump(entry)}" for entry in value)
    return f"[\n{entries}\n  ]"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _dump(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
