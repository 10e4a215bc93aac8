"""How a replica finds its place in the cluster: the arguments of ``mlgate serve`` for it."""

import argparse
import os
import socket
from pathlib import Path
from typing import NamedTuple

NAMESPACE = "mlgate-system"
"""Where mlgate is installed unless something else is said."""
_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Options(NamedTuple):
    """Names are of objects in ``namespace``. ``url`` replaces the Service for an API server that
    reaches the webhook without one; ``bundle`` is a PEM file that the API server is to trust, where
    the certificate is not mlgate's own; ``register`` says whether to keep the configurations."""

    namespace: str = NAMESPACE
    service: str = "mlgate"
    service_account: str = "mlgate"
    secret: str = "mlgate-tls"  # noqa: S105 - the name of one
    lease: str = "mlgate"
    service_port: int = 443
    url: str | None = None
    bundle: Path | None = None
    register: bool = True
    failure_policy: str = "Ignore"
    timeout_seconds: int = 2
    kubeconfig: str | None = None
    replica: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that concern the cluster."""
    add = parser.add_argument_group("in a cluster").add_argument
    add("--kubeconfig", metavar="FILE", help="reach the API server by it; without it as a pod")
    add("--namespace", metavar="NAME", help="of Service, Secret and Lease (default: the pod's)")
    add("--service", default="mlgate", metavar="NAME", help="the Service (default: mlgate)")
    add("--service-port", type=int, default=443, metavar="N", help="its port (default: 443)")
    add("--service-account", default="mlgate", metavar="NAME", help="whose requests pass unseen")
    add("--secret", default="mlgate-tls", metavar="NAME", help="that holds mlgate's certificate")
    add("--lease", default="mlgate", metavar="NAME", help="by which one replica is elected")
    add("--url", metavar="URL", help="where the API server calls, instead of the Service")
    add("--ca-bundle", type=Path, metavar="FILE", help="what it is to trust for --tls-cert, PEM")
    add("--no-register", action="store_true", help="leave the webhook configurations to others")
    add(
        "--failure-policy",
        choices=("Ignore", "Fail"),
        default="Ignore",
        help="what becomes of requests that a rule may deny when mlgate is away (default: Ignore)",
    )
    add(
        "--webhook-timeout",
        type=int,
        choices=(1, 2, 3),
        default=2,
        metavar="SECONDS",
        help="how long the API server waits for mlgate, 1 to 3 (default: 2)",
    )
    add("--uninstall", action="store_true", help="remove the webhook configurations, and end")


def read_options(arguments: argparse.Namespace) -> Options:
    """The options that the arguments say; the rest by the pod's own environment."""
    return Options(
        namespace=arguments.namespace or _find_namespace(),
        service=arguments.service,
        service_account=arguments.service_account,
        secret=arguments.secret,
        lease=arguments.lease,
        service_port=arguments.service_port,
        url=arguments.url,
        bundle=arguments.ca_bundle,
        register=not arguments.no_register,
        failure_policy=arguments.failure_policy,
        timeout_seconds=arguments.webhook_timeout,
        kubeconfig=arguments.kubeconfig,
        replica=f"{os.environ.get('POD_NAME') or socket.gethostname()}-{os.urandom(3).hex()}",
    )


def _find_namespace() -> str:
    if "POD_NAMESPACE" in os.environ:
        return os.environ["POD_NAMESPACE"]
    try:
        return _OWN_NAMESPACE.read_text().strip() or NAMESPACE
    except OSError:
        return NAMESPACE
