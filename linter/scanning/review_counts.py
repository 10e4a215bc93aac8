"""How often the webhook's reviews found something, by rule: from its metrics."""

from collections import Counter
from collections.abc import Iterable

from linter.errors import UserError

_FOUND = "mlgate_rule_results_total"
_TIMEOUT = 10.0
_MOST_BYTES = 16 * 1024 * 1024


def count_reviews(sources: Iterable[str]) -> Counter[str]:
    """The findings of reviews by rule, of all sources together: each replica counts its own, since
    it started. Raises UserError for what are no metrics of the webhook's."""
    counts: Counter[str] = Counter()
    for source in sources:
        counts += _count(source, _read(source))
    return counts


def _count(source: str, text: str) -> Counter[str]:
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError as error:
        raise UserError(
            f"mlgate promote: --metrics needs the package {error.name}: pip install "
            "'mlgate[cluster]'"
        ) from None
    found: Counter[str] = Counter()
    known = False
    try:
        for family in text_string_to_metric_families(text):
            known = known or family.name.startswith("mlgate_")
            for sample in family.samples:
                if sample.name == _FOUND and sample.labels.get("result") == "fail":
                    found[sample.labels["rule"]] += int(sample.value)
    except (ValueError, KeyError) as error:
        raise UserError(f"mlgate promote: {source}: no metrics as text: {error}") from None
    if not known:
        raise UserError(f"mlgate promote: {source}: no metrics of the webhook's (mlgate_...)")
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

    try:
        with urllib3.PoolManager(retries=False, timeout=_TIMEOUT) as pool:
            response = pool.request("GET", address, preload_content=False)
            body = response.read(_MOST_BYTES)
            response.close()
    except urllib3.exceptions.HTTPError as error:
        raise OSError(str(error)) from error
    if response.status != 200:
        raise OSError(f"HTTP status {response.status}")
    return str(body.decode())
