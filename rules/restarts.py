"""The meaning of restart policies, in any case of letters."""

from collections.abc import Sequence

from rules.kinds.pods import Pod, Restart
from rules.model import Fix, Remove
from rules.refusals import POD_RESTART_POLICIES, refuse
from rules.wording import tell_value, write_value
from rules.workload import Workload

_POLICIES = ("Always", "OnFailure", "Never", "ExitCode")
"""A pod's, and what Kubeflow's operator has besides."""


def recognize_policy(restart: Restart) -> str:
    """The policy that is meant: a wrong case is none to the API server, but says enough."""
    written = str(restart.value.value).lower()
    return next((policy for policy in _POLICIES if policy.lower() == written), "")


def choose_policy(restart: Restart, allowed: Sequence[str]) -> str:
    """What to write: the allowed policy that is meant or, if that is none, the best of the rest."""
    choices = (recognize_policy(restart), restart.recommended, *allowed)
    return next((one for one in choices if one in allowed), restart.recommended)


def tell_restart(restart: Restart, expected: str) -> str:
    """A policy that restarts in place, or that there is not."""
    found = tell_value(restart.value, f", which means {restart.default}")
    if restart.value.value != recognize_policy(restart):
        refused = refuse(POD_RESTART_POLICIES, "its pods" if restart.form == "operator" else "it")
        return f"no such restart policy: {found}; {refused}; expected {expected}"
    note = f"; {restart.note}" if restart.note else ""
    return f"training pod is restarted in place: {found}; expected {expected}{note}"


def write_restart(
    workload: Workload, pod: Pod, restart: Restart, policy: str, *, safe: bool
) -> Fix:
    """The fix that writes ``policy``. Of an operator's replica, with which its pod template agrees
    until now, the template's own goes: the operator overwrites it."""
    fix = write_value(restart.value, policy, safe=safe)
    copy = workload.manifest.value((*pod.spec_path, "restartPolicy"))
    agrees = copy.written and copy.value == restart.value.value
    if not agrees or copy.path == restart.value.path:
        return fix
    return fix._replace(edits=(*fix.edits, Remove(copy.path)))
