"""How a replica finds its place in the cluster: the arguments for it of ``serve`` and
``webhook-config``."""

import argparse
import os
import socket
from pathlib import Path
from typing import NamedTuple

from webhook.registration.configurations import Place

NAMESPACE = "mlgate-system"
"""Where mlgate is installed unless something else is said."""
_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Options(NamedTuple):
    """``secret`` and ``lease`` are names in the namespace of ``place``. ``bundle`` is a PEM file
    that the API server is to trust, where the certificate is not mlgate's own; ``register`` says
    whether to keep the configurations; ``replica`` is the name of this process in the election."""

    place: Place = Place(NAMESPACE)
    secret: str = "mlgate-tls"  # noqa: S105 - the name of one
    lease: str = "mlgate"
    bundle: Path | None = None
    register: bool = True
    kubeconfig: str | None = None
    replica: str = ""


def add_place_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that the webhook configurations are made from."""
    add = parser.add_argument_group("what is registered").add_argument
    add("--namespace", metavar="NAME", help="mlgate's own (default: the pod's, or mlgate-system)")
    add("--service", default="mlgate", metavar="NAME", help="the Service (default: mlgate)")
    add("--service-port", type=int, default=443, metavar="N", help="its port (default: 443)")
    add("--service-account", default="mlgate", metavar="NAME", help="whose requests pass unseen")
    add("--url", metavar="URL", help="where the API server calls, instead of the Service")
    add("--ca-bundle", type=Path, metavar="FILE", help="what it is to trust for --tls-cert, PEM")
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """All arguments that concern the cluster."""
    add_place_arguments(parser)
    add = parser.add_argument_group("in a cluster").add_argument
    add("--kubeconfig", metavar="FILE", help="reach the API server by it; without it as a pod")
    add("--secret", default="mlgate-tls", metavar="NAME", help="that holds mlgate's certificate")
    add("--lease", default="mlgate", metavar="NAME", help="by which one replica is elected")
    add("--no-register", action="store_true", help="leave the webhook configurations to others")
    add("--uninstall", action="store_true", help="remove the webhook configurations, and end")


def read_place(arguments: argparse.Namespace, bundle: str | None = None) -> Place:
    """Where the webhook is, by the arguments and the pod's own environment."""
    return Place(
        arguments.namespace or _find_namespace(),
        arguments.service,
        arguments.service_account,
        arguments.service_port,
        bundle,
        arguments.url,
        arguments.failure_policy,
        arguments.webhook_timeout,
    )


def read_bundle(path: Path | None) -> str | None:
    """The certificates in a file, PEM; None without a file. Raises ValueError where they cannot be
    given to the API server."""
    if path is None:
        return None
    from webhook.identity.authority import check_bundle

    try:
        return check_bundle(path.read_text())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_options(arguments: argparse.Namespace) -> Options:
    """The options that the arguments say; the rest by the pod's own environment."""
    return Options(
        read_place(arguments),
        arguments.secret,
        arguments.lease,
        bundle=arguments.ca_bundle,
        register=not arguments.no_register,
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
