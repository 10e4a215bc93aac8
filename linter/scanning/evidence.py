"""What the JSON report of a scan shows of a cluster, for whoever decides on a policy."""

import json
from collections.abc import Mapping

from linter.errors import UserError
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import NamespaceRow

NOBODY = "(none)"


class Hit(NamedTuple):
    """A finding on an object, and whose that is."""

    form: str
    file: str
    namespace: str
    confidence: str
    owner: str


class Evidence(NamedTuple):
    """A scan: when, what was judged in each namespace, and what was found, exceptions left out.
    ``narrowed``: it was limited to some namespaces. ``off`` are the forms that it did not look
    for."""

    at: str
    namespaces: "Mapping[str, NamespaceRow]"
    hits: tuple[Hit, ...]
    narrowed: bool
    off: frozenset[str]

    def by_form(self) -> dict[str, list[Hit]]:
        """The findings of each form."""
        found: dict[str, list[Hit]] = {}
        for hit in self.hits:
            found.setdefault(hit.form, []).append(hit)
        return found


def read_evidence(file: str, owner_label: str) -> Evidence:
    """The evidence in a report. ``owner_label`` names the label of objects, or of their Namespaces,
    that says whose they are. Raises UserError for a file that is no whole report of a scan."""
    try:
        with open(file, encoding="utf-8") as text:
            report = json.load(text)
        cluster, errors = report["cluster"], report["errors"]
        _refuse_parts(file, len(errors), cluster["narrowed_by"])
        owners = _read_owners(cluster, owner_label)
        hits = tuple(_read_hit(row, owners) for row in report["findings"] if _counts(row))
        namespaces = {name: _read_namespace(one) for name, one in cluster["namespaces"].items()}
        narrowed, off = bool(cluster["narrowed_by"]), frozenset(cluster["off"])
        return Evidence(str(cluster["at"]), namespaces, hits, narrowed, off)
    except OSError as error:
        raise UserError(f"mlgate promote: cannot read {file}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UserError(
            f"mlgate promote: {file} is no JSON report of `mlgate scan`: "
            "mlgate scan --format json --output scan.json"
        ) from None


def _refuse_parts(file: str, errors: int, narrowed_by: Any) -> None:
    """What was not seen may be just what would be denied."""
    if errors:
        raise UserError(
            f"mlgate promote: {file} is partial, with {errors} error{'s'[: errors != 1]}: what was "
            "not listed may be what would be denied. Scan with the rights to list everything"
        )
    others = [flag for flag in narrowed_by if flag != "--namespace"]
    if others:
        raise UserError(
            f"mlgate promote: {file} was made with {others[0]}, and does not show all: "
            "scan without it"
        )


def _read_namespace(row: Any) -> "NamespaceRow":
    return {"objects": int(row["objects"]), "labels": dict(row["labels"])}


def _read_owners(cluster: Any, label: str) -> dict[str, str]:
    spaces = cluster["namespaces"]
    return {one["file"]: _find_owner(one, spaces, label) for one in cluster["objects"]}


def _find_owner(one: Any, spaces: Any, label: str) -> str:
    space = spaces.get(one["file"].partition("/")[0]) or {"labels": {}}
    return str(one["labels"].get(label) or space["labels"].get(label) or NOBODY)


def _counts(row: Any) -> bool:
    return bool(row["action"] != "excepted")


def _read_hit(row: Any, owners: Mapping[str, str]) -> Hit:
    form = f"{row['rule']}/{row['form']}"
    namespace = row["object"]["namespace"] or ""
    file = str(row["file"])
    return Hit(form, file, namespace, str(row["confidence"]), owners.get(file, NOBODY))
