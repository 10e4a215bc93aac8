"""ConfigMaps: scripts that pods run, and manifests that somebody makes objects of.

Airflow's ``pod_template_file`` and Spark's pod templates are mounted from one, and jobs apply
manifests from one. Who reads a text, and what is changed in it first, stands nowhere.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.rows import FactRows
from rules.kinds.schema import Inner, Kind
from rules.kinds.views import SpecView
from rules.paths import items

_CONFIG: FactRows = {facts.DATA: ("data",)}


def _inner(whole: SpecView) -> Iterator[Inner]:
    for key, text in items(whole.dig("data")):
        if isinstance(text, str) and "apiVersion" in text and "kind" in text:
            yield Inner(("data", key), assured=False)


CONFIG_MAP = Kind(
    "",
    "ConfigMap",
    root=(),
    inner=_inner,
    rows=(((), _CONFIG),),
    plural="configmaps",
)
"""Judged in files alone: in a cluster controllers write theirs every few seconds."""
