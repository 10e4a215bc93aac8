"""extensions/v1beta1: the group in which the kinds of apps/v1 stood until Kubernetes 1.16.

Source: kubernetes 1.15 ``pkg/apis/extensions/v1beta1/defaults.go``: the fields are those of
apps/v1, the defaults of a rollout are not.
"""

from rules.kinds import facts
from rules.kinds.core import (
    DAEMON_SET_ROWS,
    DEPLOYMENT_ROWS,
    KEPT_ROWS,
    SERVICE_PRIORS,
    daemon_kind,
    replicated_kind,
)
from rules.kinds.rows import FactRows
from rules.kinds.schema import Kind

_GROUP = "extensions"

_NO_DEADLINE = 2**31 - 1
_DEPLOYMENT: FactRows = {
    **DEPLOYMENT_ROWS,
    facts.PROGRESS_DEADLINE: ("progressDeadlineSeconds", _NO_DEADLINE),
    facts.ROLLOUT_STRATEGY: (
        "strategy",
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
    ),
    facts.MAX_SURGE: ("strategy.rollingUpdate.maxSurge", 1),
    facts.MAX_UNAVAILABLE: ("strategy.rollingUpdate.maxUnavailable", 1),
}
_DAEMON_SET: FactRows = {
    **{fact: row for fact, row in DAEMON_SET_ROWS.items() if fact != facts.MAX_SURGE},
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "OnDelete"),
}

KINDS: tuple[Kind, ...] = (
    replicated_kind(_GROUP, "Deployment", "deployments", SERVICE_PRIORS, _DEPLOYMENT),
    replicated_kind(_GROUP, "ReplicaSet", "replicasets", SERVICE_PRIORS, KEPT_ROWS),
    daemon_kind(_GROUP, _DAEMON_SET),
)
