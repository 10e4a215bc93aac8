"""What the words of a restart policy say, whoever wrote them in whatever case."""

from collections.abc import Sequence

from rules.kinds.pods import Restart
from rules.refusals import POD_RESTART_POLICIES, refuse
from rules.wording import tell_value

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
