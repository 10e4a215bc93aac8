"""The arguments by which a command finds its place in the cluster."""

import argparse
import os
import re
import socket
from pathlib import Path
from types import SimpleNamespace

from webhook.registration.options import RegistrationOptions
from webhook.replica.options import DEFAULT_NAMESPACE, ReplicaOptions

_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def add_registration_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that the webhook configurations are made from."""
    group = parser.add_argument_group("what is registered")
    add = group.add_argument
    add(
        "--namespace",
        metavar="NAME",
        help="mlgate's own namespace (default: the pod's, or mlgate-system)",
    )
    add("--service", default="mlgate", metavar="NAME", help="the Service (default: mlgate)")
    add("--service-port", type=int, default=443, metavar="N", help="its port (default: 443)")
    add(
        "--service-account",
        default="mlgate",
        metavar="NAME",
        help="mlgate's own, whose requests are not reviewed",
    )
    add("--url", metavar="URL", help="the URL that the API server calls instead of the Service")
    _add_trust_arguments(group)
    add(
        "--failure-policy",
        choices=("Ignore", "Fail"),
        default="Ignore",
        help="what happens to requests that a rule may deny if mlgate is down (default: Ignore)",
    )
    add(
        "--webhook-timeout",
        type=int,
        choices=(1, 2, 3),
        default=2,
        metavar="SECONDS",
        help="how long the API server waits for mlgate, 1 to 3 (default: 2)",
    )


def _add_trust_arguments(group: argparse._ArgumentGroup) -> None:
    """Those that say what the API server trusts, where the certificate is in files."""
    add = group.add_mutually_exclusive_group().add_argument
    add(
        "--ca-bundle",
        type=Path,
        metavar="FILE",
        help="the CA that it is to trust for --tls-cert, PEM",
    )
    add(
        "--inject-ca-from",
        type=_read_certificate_name,
        metavar="NAMESPACE/NAME",
        help="have cert-manager inject the CA of this Certificate instead",
    )


def _read_certificate_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9.-]+/[a-z0-9.-]+", text):
        raise argparse.ArgumentTypeError(f"expected NAMESPACE/NAME, found {text}")
    return text


def add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """All arguments that concern the cluster."""
    add_registration_arguments(parser)
    add = parser.add_argument_group("in a cluster").add_argument
    add("--kubeconfig", metavar="FILE", help="how to reach the API server (default: as a pod does)")
    add(
        "--secret",
        default="mlgate-tls",
        metavar="NAME",
        help="the Secret of mlgate's certificate (default: mlgate-tls)",
    )
    add(
        "--lease",
        default="mlgate",
        metavar="NAME",
        help="the Lease that elects one replica (default: mlgate)",
    )
    add(
        "--deployment",
        default="mlgate",
        metavar="NAME",
        help="the Deployment that Events of a bad policy name (default: mlgate)",
    )
    add("--no-register", action="store_true", help="do not write the webhook configurations")
    add("--uninstall", action="store_true", help="remove the webhook configurations, and exit")


def find_cluster_fault(arguments: SimpleNamespace, *, own: bool) -> str | None:
    """What is wrong with the combination of those that concern the cluster; ``own``: the
    certificate is mlgate's own."""
    url = arguments.url
    faults = {
        "give --tls-cert and --tls-key, or --dev": arguments.no_cluster and own,
        "--uninstall needs the cluster: leave out --no-cluster": arguments.no_cluster
        and arguments.uninstall,
        "--dev registers nothing that --uninstall could remove": arguments.dev
        and arguments.uninstall,
        "--no-register needs --tls-cert and --tls-key: nobody would trust mlgate's own": own
        and arguments.no_register,
        "--ca-bundle goes with --tls-cert: what mlgate's own certificate needs is known": own
        and arguments.ca_bundle,
        "--inject-ca-from goes with --tls-cert, for a certificate of cert-manager's": own
        and arguments.inject_ca_from,
        f"--url is {url}; expected https://...": url and not url.startswith("https://"),
    }
    return next((text for text, wrong in faults.items() if wrong), None)


def read_registration_options(
    arguments: SimpleNamespace, bundle: str | None = None
) -> RegistrationOptions:
    """How the webhook is reached, by the arguments and the pod's environment."""
    return RegistrationOptions(
        arguments.namespace or _find_namespace(),
        arguments.service,
        arguments.service_account,
        arguments.service_port,
        bundle,
        arguments.url,
        arguments.failure_policy,
        arguments.webhook_timeout,
        arguments.inject_ca_from,
    )


def read_replica_options(arguments: SimpleNamespace) -> ReplicaOptions:
    """The options that the arguments give; the rest by the pod's environment."""
    return ReplicaOptions(
        read_registration_options(arguments),
        arguments.secret,
        arguments.lease,
        bundle=arguments.ca_bundle,
        register=not arguments.no_register,
        kubeconfig=arguments.kubeconfig,
        # A container that is started again has the name of the one before, whose Lease it must
        # not renew: the random part tells them apart.
        replica=f"{os.environ.get('POD_NAME') or socket.gethostname()}-{os.urandom(3).hex()}",
        deployment=arguments.deployment,
    )


def _find_namespace() -> str:
    if "POD_NAMESPACE" in os.environ:
        return os.environ["POD_NAMESPACE"]
    try:
        return _OWN_NAMESPACE.read_text().strip() or DEFAULT_NAMESPACE
    except OSError:
        return DEFAULT_NAMESPACE
