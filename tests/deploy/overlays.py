"""The overlays that the components make together, as kubectl builds them."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cluster import find_programs

ROOT = Path(__file__).parents[2]
OVERLAYS: dict[str, tuple[str, ...]] = {
    "base": (),
    "enforce": ("enforce",),
    "openshift": ("openshift",),
    "cert-manager": ("cert-manager",),
    "high-availability": ("high-availability",),
    "enforced high-availability": ("enforce", "high-availability"),
    "scan": ("scan",),
    "reporting": ("scan", "scan/reports", "scan/events"),
    "dashboard": ("dashboard",),
    "monitoring": ("monitoring",),
    "openshift dashboard": ("dashboard", "openshift"),
    "monitored dashboard": ("monitoring", "dashboard", "dashboard/monitoring"),
    "traced": ("tracing",),
    "all": (
        *("enforce", "high-availability", "cert-manager", "monitoring"),
        *("dashboard", "dashboard/monitoring"),
        "tracing",
        *("scan", "scan/reports", "scan/events", "openshift"),
    ),
}
"""The components of each, beside the base."""

Tree = dict[str, Any]


def build(name: str, folder: Path, *more: str) -> str:
    """What ``kubectl kustomize`` makes of an overlay that is written in ``folder``."""
    programs = find_programs()
    if isinstance(programs, str):
        pytest.skip(programs)
    deploy = os.path.relpath(ROOT / "deploy", folder.resolve())
    components = ", ".join(f"{deploy}/{one}" for one in OVERLAYS[name])
    lines = (
        "apiVersion: kustomize.config.k8s.io/v1beta1",
        "kind: Kustomization",
        f"resources: [{deploy}/base]",
        f"components: [{components}]",
        *more,
    )
    (folder / "kustomization.yaml").write_text("\n".join(lines))
    command = [str(programs / "kubectl"), "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def read(text: str) -> list[Tree]:
    return [one for one in yaml.safe_load_all(text) if one]
