"""The report in SARIF 2.1.0 (OASIS), for code scanning."""

from collections.abc import Iterator
from urllib.parse import quote

from linter.judging.rows import URL
from linter.reports import (
    ReportOptions,
    load_met_rules,
    read_page,
    select_errors,
    select_shown,
    weigh_row,
)
from linter.reports.json import dump_safely
from linter.reports.terminal import escape
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RelatedRow, RunResult
    from rules.model import Rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

MOST_RESULTS = 25_000
"""Results of one run that GitHub takes; a file with more is refused whole."""
_MOST_RELATED = 100

_LEVELS = {"deny": "error", "warn": "warning", "audit": "note", "excepted": "note"}


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """One run: the rules met, a result for each finding, a notification for each error."""
    shown = list(select_shown(result, options))
    kept = _keep_most(shown)
    rules = load_met_rules(kept)
    index = {code: number for number, code in enumerate(rules)}
    errors = select_errors(result)
    notices = [_notify(error) for error in errors]
    if len(kept) < len(shown):
        left_out = f"{len(shown) - len(kept)} findings left out: code scanning takes {MOST_RESULTS}"
        notices.append({"level": "warning", "message": {"text": left_out}})
    run = {
        "tool": {"driver": _describe_tool(rules)},
        "automationDetails": {"id": "mlgate/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not result["errors"], "toolExecutionNotifications": notices}
        ],
        "results": [_export(row, index) for row in kept],
    }
    yield dump_safely({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _keep_most(rows: "list[FindingRow]") -> "list[FindingRow]":
    """The findings that fit, in their order; of too many, the heaviest."""
    if len(rows) <= MOST_RESULTS:
        return rows
    heaviest = sorted(range(len(rows)), key=lambda at: weigh_row(rows[at]))
    return [rows[at] for at in sorted(heaviest[:MOST_RESULTS])]


def _describe_tool(rules: "dict[str, Rule]") -> dict[str, Any]:
    from rules import VERSION

    return {
        "name": "mlgate",
        "informationUri": URL.removesuffix("rules/"),
        "semanticVersion": VERSION,
        "rules": [_describe(rule) for rule in rules.values()],
    }


def _describe(rule: "Rule") -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {
            "text": read_page(rule) or rule.summary,
            "markdown": read_page(rule) or rule.summary,
        },
        "helpUri": URL + rule.code,
        "properties": {"tags": ["kubernetes", "machine-learning", rule.harm.value]},
    }


def _export(row: "FindingRow", index: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": row["rule"],
        "ruleIndex": index[row["rule"]],
        "level": _LEVELS[row["action"]],
        "message": {"text": escape(row["message"])},
        "locations": [_locate(row)],
        # Code scanning follows an alert by the first of the two alone.
        "partialFingerprints": {
            "primaryLocationLineHash": row["fingerprint"],
            "mlgate/v1": row["fingerprint"],
        },
        "properties": {
            "form": row["form"],
            "action": row["action"],
            "confidence": row["confidence"],
        },
    }
    if row["related"]:
        result["relatedLocations"] = [
            _relate(number, one) for number, one in enumerate(row["related"][:_MOST_RELATED])
        ]
    # What the policy excepts is no open alert.
    if row["action"] == "excepted":
        result["suppressions"] = [{"kind": "external"}]
    return result | _export_fixes(row)


def _export_fixes(row: "FindingRow") -> dict[str, Any]:
    fix = row["fix"]
    changes = fix.get("text") if fix else None
    if not fix or not changes:
        return {}
    replacements = [
        {"deletedRegion": _region(change), "insertedContent": {"text": change["text"]}}
        for change in changes
    ]
    change = {"artifactLocation": locate_artifact(row["file"]), "replacements": replacements}
    title = f"{fix['title']} ({fix['safety']})"
    return {"fixes": [{"description": {"text": escape(title)}, "artifactChanges": [change]}]}


def _locate(row: "FindingRow") -> dict[str, Any]:
    where = {"artifactLocation": locate_artifact(row["file"]), "region": _region(row)}
    identity = row["object"]
    words = [identity["namespace"], identity["kind"], identity["name"]]
    name = "/".join(word for word in words if word)
    location: dict[str, Any] = {"physicalLocation": where}
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": escape(name), "kind": "object"}]
    return location


def _region(row: Any) -> dict[str, int]:
    return {
        "startLine": row["line"],
        "startColumn": row["column"],
        "endLine": row["end_line"],
        "endColumn": row["end_column"],
    }


def _relate(number: int, row: "RelatedRow") -> dict[str, Any]:
    region = {"startLine": row["line"], "startColumn": row["column"]}
    where = {"artifactLocation": locate_artifact(row["file"]), "region": region}
    message = {"text": escape(row["message"])}
    return {"id": number, "physicalLocation": where, "message": message}


def _notify(error: "ErrorRow") -> dict[str, Any]:
    where: dict[str, Any] = {"artifactLocation": locate_artifact(error["file"])}
    if error["line"]:
        where["region"] = {"startLine": error["line"], "startColumn": error["column"] or 1}
    text = {"text": escape(error["reason"])}
    return {"level": "error", "message": text, "locations": [{"physicalLocation": where}]}


def locate_artifact(file: str) -> dict[str, str]:
    """A file as a URI: relative to the working directory, which is the repository's root in CI."""
    path = quote(file.replace("\\", "/"), errors="surrogateescape")
    if file.startswith("/"):
        return {"uri": f"file://{path}"}
    return {"uri": path, "uriBaseId": "%SRCROOT%"}
