"""Options of the webhook's registration."""

from typing import NamedTuple


class RegistrationOptions(NamedTuple):
    """Where the webhook is reached, and what its configurations say.

    ``bundle`` is the PEM that the API server is to trust; None leaves the field to whoever injects
    it. ``url`` replaces the Service, for a server outside of the cluster. ``failure_policy`` is
    that of the enforcing entry; every other one is ``Ignore``. ``inject_from`` names the
    Certificate (NAMESPACE/NAME) of which cert-manager injects the authority. By ``token``, the end
    of the path, the webhook knows the API server. With ``namespace_uid`` the configurations belong
    to the namespace, and are deleted after it.
    """

    namespace: str
    service: str = "mlgate"
    service_account: str = "mlgate"
    port: int = 443
    bundle: str | None = None
    url: str | None = None
    failure_policy: str = "Ignore"
    timeout_seconds: int = 2
    inject_from: str | None = None
    token: str = ""
    namespace_uid: str = ""
