"""What the last lines say of a cluster: what runs with findings, and what came in all the same."""

from collections.abc import Iterable, Iterator

from linter.reports.terminal import escape
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import ClusterRow, RunResult

_MOST_NAMED = 5


def tell_cluster(result: "RunResult") -> Iterator[str]:
    """The lines, none for what is not so."""
    cluster = result.get("cluster")
    if cluster is None:
        return
    found = {row["file"] for row in result["findings"] if row["action"] in ("deny", "warn")}
    yield from _tell_use(cluster, found)
    denied = {row["file"] for row in result["findings"] if row["action"] == "deny"}
    yield from _tell_unchecked(cluster, denied)


def list_unchecked(cluster: "ClusterRow", denied: Iterable[str]) -> list[str]:
    """Of the objects that are denied those which came after the webhook was registered."""
    registered = cluster.get("registered")
    wanted = set(denied)
    return [
        one["file"]
        for one in cluster["objects"]
        # Both are written by the API server, in UTC and with a Z: their order is that of texts.
        if registered and one["file"] in wanted and (one["created"] or "") > registered
    ]


def _tell_use(cluster: "ClusterRow", found: set[str]) -> Iterator[str]:
    using = [one for one in cluster["objects"] if one["file"] in found and one["pods"]]
    if using:
        pods = sum(one["pods"] for one in using)
        held = sum(one["accelerators"] for one in using)
        hours = sum(one["gpu_hours"] for one in using)
        yield (
            f"running now with such findings: {pods:,} pod{'s'[: pods != 1]} with {held:,.10g} "
            f"accelerator{'s'[: held != 1]}, {hours:,.0f} GPU-hours so far"
        )


def _tell_unchecked(cluster: "ClusterRow", denied: set[str]) -> Iterator[str]:
    if not denied:
        return
    shown = f"in the cluster although denied: {len(denied):,} object{'s'[: len(denied) != 1]}"
    unchecked = list_unchecked(cluster, denied)
    if not unchecked:
        yield shown
        return
    names = ", ".join(map(escape, unchecked[:_MOST_NAMED]))
    more = f" and {len(unchecked) - _MOST_NAMED:,} more" if len(unchecked) > _MOST_NAMED else ""
    yield (
        f"{shown}; {len(unchecked):,} came after the webhook was registered "
        f"({cluster['registered']}), unchecked or before the policy denied them: {names}{more}"
    )
