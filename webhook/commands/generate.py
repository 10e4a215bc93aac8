"""Writes what is generated of the deployment: the permissions, the alerts beside the chart, and the
table of its values.

``python -m webhook.commands.generate`` writes them; with ``--check`` it only says whether they are
out of date.
"""

import sys
from pathlib import Path

from webhook.commands.chart_schema import write_definitions
from webhook.commands.chart_values import write_table
from webhook.replica.permissions import (
    render_access,
    render_chart_access,
    render_chart_dashboard_access,
    render_chart_events_access,
    render_chart_probe_access,
    render_chart_reports_access,
    render_chart_scan_access,
    render_dashboard_access,
    render_events_access,
    render_reports_access,
    render_scan_access,
    render_shared_role,
)

ALERTS = Path("deploy/chart/files/alerts.yaml")
VALUES = Path("deploy/chart/values.yaml")
README = Path("deploy/chart/README.md")
VALUES_SCHEMA = Path("deploy/chart/values.schema.json")
POLICY_SCHEMA = Path("linter/commands/policy.schema.json")


def render_rule() -> str:
    """The chart's alerts as a PrometheusRule, for those who install without Helm."""
    groups = "".join(f"  {line}" for line in ALERTS.read_text("utf-8").splitlines(keepends=True))
    return (
        "# Written by `make generate` from deploy/chart/files/alerts.yaml.\n"
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
        "metadata:\n  name: mlgate\n  namespace: mlgate-system\n"
        f"  labels: {{app.kubernetes.io/name: mlgate}}\nspec:\n{groups}"
    )


def render_readme() -> str:
    """The chart's README, with the table of its values."""
    return write_table(README.read_text("utf-8"), VALUES.read_text("utf-8"))


def render_schema() -> str:
    """The schema of the chart's values, with that of a policy in it."""
    return write_definitions(VALUES_SCHEMA.read_text("utf-8"), POLICY_SCHEMA.read_text("utf-8"))


FILES = {
    VALUES_SCHEMA: render_schema,
    README: render_readme,
    Path("deploy/base/access.yaml"): render_access,
    Path("deploy/chart/templates/access.yaml"): render_chart_access,
    Path("deploy/cert-manager/access.yaml"): render_shared_role,
    Path("deploy/chart/templates/probe-access.yaml"): render_chart_probe_access,
    Path("deploy/chart/templates/scan-access.yaml"): render_chart_scan_access,
    Path("deploy/scan/access.yaml"): lambda: render_scan_access("mlgate-system"),
    Path("deploy/chart/templates/scan-reports-access.yaml"): render_chart_reports_access,
    Path("deploy/chart/templates/scan-events-access.yaml"): render_chart_events_access,
    Path("deploy/scan/events/access.yaml"): lambda: render_events_access("mlgate-system"),
    Path("deploy/scan/reports/access.yaml"): lambda: render_reports_access("mlgate-system"),
    Path("deploy/dashboard/access.yaml"): lambda: render_dashboard_access("mlgate-system"),
    Path("deploy/chart/templates/dashboard-access.yaml"): render_chart_dashboard_access,
    Path("deploy/monitoring/prometheus-rule.yaml"): render_rule,
}


def list_stale() -> list[Path]:
    """The files that are missing or out of date."""
    return [
        file
        for file, render in FILES.items()
        if not file.exists() or file.read_text(encoding="utf-8") != render()
    ]


def main(arguments: list[str]) -> int:
    stale = list_stale()
    if "--check" in arguments:
        for file in stale:
            sys.stderr.write(f"{file} is out of date: run `make generate`\n")
        return int(bool(stale))
    for file in stale:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FILES[file](), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
