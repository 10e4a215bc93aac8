"""OpenShift's DeploymentConfig (apps.openshift.io/v1), a Deployment with triggers.

Source: openshift/api ``apps/v1/types.go`` and openshift/openshift-controller-manager
``pkg/apps/apis/apps/v1/defaults.go``.
"""

from rules.kinds import facts
from rules.kinds.core import KEPT_ROWS, SERVICE_PRIORS, replicated_kind
from rules.kinds.rows import FactRows
from rules.kinds.schema import Kind

_ROWS: FactRows = {
    **KEPT_ROWS,
    facts.PAUSED: ("paused", False),
    facts.UPDATE_STRATEGY: ("strategy.type", "Rolling"),
    facts.MAX_SURGE: ("strategy.rollingParams.maxSurge", "25%"),
    facts.MAX_UNAVAILABLE: ("strategy.rollingParams.maxUnavailable", "25%"),
}

KINDS: tuple[Kind, ...] = (
    replicated_kind(
        "apps.openshift.io", "DeploymentConfig", "deploymentconfigs", SERVICE_PRIORS, _ROWS
    ),
)
