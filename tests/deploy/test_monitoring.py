"""Alerts and dashboard ask for metrics that there are."""

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

from tests.deploy.test_base import ROOT

ALERTS = ROOT / "deploy/chart/files/alerts.yaml"
PAGE = ROOT / "docs/webhook.md"
DASHBOARD = ROOT / "deploy/monitoring/dashboard.json"
TESTS = ROOT / "deploy/monitoring/alerts.test.yaml"

_METRIC = re.compile(r"\bmlgate_\w+")


def read_alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def list_expressions() -> Iterator[str]:
    yield from (alert["expr"] for alert in read_alerts())
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def list_metrics() -> set[str]:
    """The names in the page's table of metrics."""
    names = set(re.findall(r"^\| `(mlgate_\w+)` \|", PAGE.read_text(), re.MULTILINE))
    return names | {"mlgate_request_duration_seconds_bucket"}


@pytest.mark.parametrize("expression", [*list_expressions()])
def test_every_metric_exists(expression: str) -> None:
    assert set(_METRIC.findall(expression)) <= list_metrics()


def test_alerts_say_what_to_do() -> None:
    for alert in read_alerts():
        assert alert["labels"]["severity"] in ("warning", "critical")
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["description"].endswith((".", "-"))
    names = [alert["alert"] for alert in read_alerts()]
    assert len(set(names)) == len(names) > 8


def test_panels_stand_beside_each_other() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"${datasource}"}


def find_promtool() -> str | None:
    beside = Path(os.environ.get("KUBEBUILDER_ASSETS", "/nowhere")) / "promtool"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("promtool")


def test_h76_alerts_fire_when_they_should_and_not_before() -> None:
    promtool = find_promtool()
    if promtool is None:
        pytest.skip("no promtool in KUBEBUILDER_ASSETS or on PATH")
    command = [promtool, "test", "rules", str(TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_h76_every_alert_is_tried() -> None:
    tried = set(re.findall(r'alertname(?:: |=")(\w+)', TESTS.read_text()))
    assert tried == {alert["alert"] for alert in read_alerts()}
