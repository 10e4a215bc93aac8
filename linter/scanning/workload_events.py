"""Events on workloads: one for each with findings, which ``kubectl describe`` shows.

Fields: ``v1`` Event. All findings on a workload make one Event, which the next scan writes over
while the API server has it (an hour, ``--event-ttl``).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby

from cluster.client import Client, JsonObject
from linter.scanning.breakable_writes import BreakableWrites, WriteTally
from linter.scanning.policy_reports import MANAGER_LABEL, SOURCE
from linter.scanning.scan import ScannedObject
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow

_REASON = "PolicyFindings"
_ANYWHERE = "default"
"""The namespace of Events on what is in none (client-go ``tools/record``)."""
_MAX_MESSAGE = 1024
"""Characters (``pkg/apis/core/validation/events.go``)."""


def make_events(
    rows: "Iterable[FindingRow]", objects: Mapping[str, ScannedObject], at: str
) -> Iterator[JsonObject]:
    """An Event for each object that is denied or warned of, at the time ``at``; ``rows`` are in
    order of their objects."""
    shown = (row for row in rows if row["action"] in ("deny", "warn"))
    for name, found in groupby(shown, key=lambda row: row["file"]):
        yield _make_event(list(found), objects[name].uid, at)


def write_events(client: Client, events: Iterable[JsonObject], rate: float) -> WriteTally:
    """Write Events, ``rate`` a second at most."""
    tally = WriteTally("events")
    writes = BreakableWrites(rate)
    for event in events:
        metadata = event["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/events/{metadata['name']}"
        tally.written += writes.attempt(partial(client.apply, path, event, SOURCE), tally)
    return tally


def _make_event(found: "list[FindingRow]", uid: str, at: str) -> JsonObject:
    identity = found[0]["object"]
    about = {key: identity[key] or "" for key in ("apiVersion", "kind", "name")}
    namespace = identity["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"mlgate.{uid}",
            "namespace": namespace or _ANYWHERE,
            "labels": {MANAGER_LABEL: SOURCE},
        },
        "involvedObject": {**about, "uid": uid, **({"namespace": namespace} if namespace else {})},
        "type": "Warning",
        "reason": _REASON,
        "message": _tell(found)[:_MAX_MESSAGE],
        "source": {"component": SOURCE},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }


def _tell(found: "list[FindingRow]") -> str:
    parts = []
    first = min(found, key=lambda row: row["action"] != "deny")
    for action, told in (("deny", "denied"), ("warn", "warned of")):
        forms = dict.fromkeys(f"{r['rule']}/{r['form']}" for r in found if r["action"] == action)
        parts += [f"{told}: {', '.join(forms)}"] if forms else []
    return f"{'; '.join(parts)} (`mlgate explain {first['rule']}`)"
