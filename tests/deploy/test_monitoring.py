"""Alerts and dashboard ask for metrics that there are, by labels that they have."""

import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.test_base import ROOT
from tests.webhook.in_process import InProcessServer
from webhook.knowledge.cluster_cache import ClusterCache
from webhook.observability.logs import Log
from webhook.replica.cluster_metrics import ClusterMetrics

ALERTS = ROOT / "deploy/chart/files/alerts.yaml"
PAGE = ROOT / "docs/webhook.md"
SCAN_PAGES = (ROOT / "docs/scan.md", ROOT / "docs/dashboard.md")
RUNBOOK = ROOT / "docs/operations.md"
DASHBOARD = ROOT / "deploy/monitoring/dashboard.json"
TESTS = ROOT / "deploy/monitoring/alerts.test.yaml"
SITE = "https://mlgate.dev/operations#"

_METRIC = re.compile(r"\bmlgate_\w+")
_SELECTOR = re.compile(r"\b(mlgate_\w+)\{([^}]*)\}")
_GROUPED = re.compile(r"\bby \(([^)]*)\) \((.*)")


def read_alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def list_expressions() -> Iterator[str]:
    yield from (alert["expr"] for alert in read_alerts())
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def make_registry() -> CollectorRegistry:
    """The registry of a server in a cluster."""
    metrics = InProcessServer().handler.metrics
    cache = ClusterCache(lambda *_: {}, tuple, Log(io.StringIO()))
    ClusterMetrics(metrics, cache, bool)
    return metrics.registry


REGISTRY = make_registry()


def list_registered() -> dict[str, tuple[str, ...]]:
    """Each metric of the webhook's by the name that a query has, with its labels."""
    found: dict[str, tuple[str, ...]] = {}
    for collector, names in REGISTRY._collector_to_names.items():
        labels = collector._labelnames if isinstance(collector, MetricWrapperBase) else ()
        for name in names:
            found[name] = tuple(labels)
    return found


def list_scanned() -> dict[str, tuple[str, ...]]:
    """Those of scans and of the dashboard, with the words that their pages set apart beside each:
    labels, and values of them."""
    text = "".join(page.read_text() for page in SCAN_PAGES)
    rows = re.findall(r"^\| (`mlgate_\w+`.*?) \| (.*) \|$", text, re.MULTILINE)
    word = re.compile(r"`(\w+)`")
    return {name: tuple(word.findall(told)) for names, told in rows for name in word.findall(names)}


REGISTERED = list_registered()
KNOWN = REGISTERED | list_scanned()


@pytest.mark.parametrize("expression", [*list_expressions()])
def test_every_metric_exists(expression: str) -> None:
    assert set(_METRIC.findall(expression)) <= KNOWN.keys()


@pytest.mark.parametrize("expression", [*list_expressions()])
def test_every_label_exists(expression: str) -> None:
    for name, matchers in _SELECTOR.findall(expression):
        assert set(re.findall(r"(\w+)[=!]", matchers)) <= set(KNOWN[name])
    for grouped, inside in _GROUPED.findall(expression):
        labels = set(re.findall(r"\w+", grouped)) - {"le"}
        for name in _METRIC.findall(inside):
            assert labels <= set(KNOWN[name])


def test_the_page_lists_every_metric_with_its_labels() -> None:
    rows = re.findall(r"^\| `(mlgate_\w+)` \| (.*?) \|", PAGE.read_text(), re.MULTILINE)
    told = {name: re.findall(r"`(\w+)`", labels) for name, labels in rows}
    text = InProcessServer().handler.metrics.render().decode()
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert name in told or not name.startswith("mlgate_")
    for name, labels in told.items():
        collected = {"mlgate_cache_synced", "mlgate_cache_objects"}
        assert name in collected or tuple(labels) == REGISTERED[name], name


def test_alerts_say_what_to_do() -> None:
    for alert in read_alerts():
        assert alert["labels"]["severity"] in ("warning", "critical")
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["description"].endswith((".", "-"))
    names = [alert["alert"] for alert in read_alerts()]
    assert len(set(names)) == len(names) > 8


def test_each_alert_leads_to_its_section_of_the_runbook() -> None:
    headings = re.findall(r"^### (Mlgate\w+)$", RUNBOOK.read_text(), re.MULTILINE)
    links = {alert["alert"]: alert["annotations"]["runbook_url"] for alert in read_alerts()}
    assert links == {name: f"{SITE}{name.lower()}" for name in headings}


def test_panels_stand_beside_each_other() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(places)
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"${datasource}"}


def find_promtool() -> str | None:
    beside = Path(os.environ.get("KUBEBUILDER_ASSETS", "/nowhere")) / "promtool"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("promtool")


def ask_promtool(*words: str) -> None:
    """Run promtool, which must find nothing wrong."""
    promtool = find_promtool()
    if promtool is None:
        pytest.skip("no promtool in KUBEBUILDER_ASSETS or on PATH")
    done = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_h76_alerts_fire_when_they_should_and_not_before() -> None:
    ask_promtool("test", "rules", str(TESTS))


def test_prometheus_reads_every_expression(tmp_path: Path) -> None:
    found = [{"record": f"a:{n}", "expr": one} for n, one in enumerate(list_expressions())]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": found}]}))
    ask_promtool("check", "rules", str(file))


def test_h76_every_alert_is_tried() -> None:
    tried = set(re.findall(r'alertname(?:: |=")(\w+)', TESTS.read_text()))
    assert tried == {alert["alert"] for alert in read_alerts()}
