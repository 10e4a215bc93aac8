from collections.abc import Callable
from typing import Any

import pytest

from rules.inventory import Inventory
from rules.kinds import find_kind
from rules.manifest import Manifest
from rules.roles import Judgement
from rules.workload import Workload

PARAMETERS = {
    "roles": {"label": "mlgate.dev/role"},
    "accelerators": {
        "patterns": ["nvidia.com/gpu*", "google.com/tpu"],
        "companions": [],
        "annotations": [],
    },
}

Judge = Callable[[dict[str, Any]], Judgement]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The object's judgement, through its kind."""

    def judge_object(body: dict[str, Any]) -> Judgement:
        manifest = Manifest(body)
        kind = find_kind(manifest.group, str(body["kind"]))
        assert kind is not None
        judgement = Workload(manifest, kind, Inventory(), PARAMETERS).judgement
        assert judgement is not None
        return judgement

    return judge_object
