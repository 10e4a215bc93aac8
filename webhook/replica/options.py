"""What a replica needs to know of its place in the cluster."""

from pathlib import Path
from typing import NamedTuple

from webhook.registration.options import RegistrationOptions

DEFAULT_NAMESPACE = "mlgate-system"
"""Where mlgate is installed unless something else is said."""


class ReplicaOptions(NamedTuple):
    """``secret`` and ``lease`` are names in the namespace of ``registration``. ``bundle`` is a PEM
    file that the API server is to trust, for a certificate that others issue; ``register`` says
    whether to keep the configurations, ``tokens`` whether with tokens in their paths; ``replica``
    is the name of this process in the election, ``deployment`` the Deployment that runs it, where
    Events go."""

    registration: RegistrationOptions = RegistrationOptions(DEFAULT_NAMESPACE)
    secret: str = "mlgate-tls"  # noqa: S105 - the name of one
    lease: str = "mlgate"
    bundle: Path | None = None
    register: bool = True
    tokens: bool = True
    kubeconfig: str | None = None
    replica: str = ""
    deployment: str = "mlgate"


def read_bundle_file(path: Path | None) -> str | None:
    """The certificates in a file, PEM; None without a file. Raises ValueError where they cannot be
    given to the API server."""
    if path is None:
        return None
    # Not for everybody who prints configurations: it imports cryptography.
    from webhook.identity.authority import check_bundle

    try:
        return check_bundle(path.read_text())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
