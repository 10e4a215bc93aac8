"""How often the webhook's reviews found something, by rule and namespace: from its metrics."""

from collections import Counter
from collections.abc import Iterable

from linter.errors import UserError
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

UNTOLD = "_other"
"""Stands for namespaces that metrics do not tell apart: none is called so."""
_FOUND = "mlgate_rule_results_total"
_FOUND_IN = "mlgate_namespace_findings_total"
_NAMESPACE = "resource_namespace"
_TIMEOUT = 10.0
_MOST_BYTES = 16 * 1024 * 1024


def count_reviews(sources: Iterable[str]) -> Counter[tuple[str, str]]:
    """The findings of reviews by rule and namespace, of all sources together: each replica counts
    its own, since it started. Raises UserError for what are no metrics of the webhook's."""
    counts: Counter[tuple[str, str]] = Counter()
    for source in sources:
        counts += _count(source, _read(source))
    return counts


def _count(source: str, text: str) -> Counter[tuple[str, str]]:
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError as error:
        raise UserError(
            f"mlgate promote: --metrics needs the package {error.name}: install "
            "mlgate's extra `cluster`"
        ) from None
    try:
        families = list(text_string_to_metric_families(text))
        samples = [one for family in families for one in family.samples]
        # The same findings: those of older webhooks are counted by rule alone.
        told = [one for one in samples if one.name == _FOUND_IN]
        found = _count_told(told) if told else _count_untold(samples)
    except (ValueError, KeyError) as error:
        raise UserError(f"mlgate promote: {source}: no metrics as text: {error}") from None
    if not any(family.name.startswith("mlgate_") for family in families):
        raise UserError(f"mlgate promote: {source}: no metrics of the webhook's (mlgate_...)")
    return found


def _count_told(samples: "Iterable[Sample]") -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for one in samples:
        if one.labels["action"] != "excepted":
            found[one.labels["rule"], one.labels[_NAMESPACE]] += int(one.value)
    return found


def _count_untold(samples: "Iterable[Sample]") -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for one in samples:
        if one.name == _FOUND and one.labels.get("result") == "fail":
            found[one.labels["rule"], UNTOLD] += int(one.value)
    return found


def _read(source: str) -> str:
    try:
        if source.startswith(("http://", "https://")):
            return _fetch(source)
        with open(source, encoding="utf-8") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"mlgate promote: cannot read {source}: {why}") from None
    except UnicodeDecodeError:
        raise UserError(f"mlgate promote: {source}: no metrics as text") from None


def _fetch(address: str) -> str:
    """Raises OSError."""
    import urllib3

    from cluster.client import describe_failure

    try:
        with urllib3.PoolManager(retries=False, timeout=_TIMEOUT) as pool:
            response = pool.request("GET", address, preload_content=False)
            body = response.read(_MOST_BYTES)
            response.close()
    except urllib3.exceptions.HTTPError as error:
        raise OSError(describe_failure(error)) from error
    if response.status != 200:
        raise OSError(f"HTTP status {response.status}")
    return str(body.decode())
