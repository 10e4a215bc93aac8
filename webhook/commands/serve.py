"""``mlgate serve``: the admission webhook.

Everything of the extra ``webhook`` is imported inside functions, so that ``mlgate serve --help``
works without it, and a missing package is named.
"""

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, TextIO

from webhook.commands.client_arguments import add_client_arguments, check_clients
from webhook.commands.cluster_arguments import (
    add_cluster_arguments,
    find_cluster_fault,
    read_replica_options,
)
from webhook.commands.extras import name_extra

if TYPE_CHECKING:
    from webhook.identity.certificates import Certificates
    from webhook.observability.logs import Log
    from webhook.observability.tracing import Tracing
    from webhook.replica.member import Member
    from webhook.server.handler import ReviewHandler
    from webhook.server.policy_reloader import PolicyReloader
    from webhook.server.process import ServerOptions

UNANSWERED, USAGE_ERROR = 1, 2
_LOCALHOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate serve``."""
    add = parser.add_argument
    add("--host", metavar="ADDRESS", help="the address to listen on (default: 0.0.0.0)")
    add("--port", type=int, default=8443, metavar="N", help="the webhook's port (default: 8443)")
    add("--tls-cert", type=Path, metavar="FILE", help="the certificate chain, PEM")
    add("--tls-key", type=Path, metavar="FILE", help="the certificate's key, PEM")
    add("--policy", type=Path, metavar="FILE", help="the policy file (default: built in)")
    add("--no-cluster", action="store_true", help="do not ask a cluster: every look-up is unknown")
    add("--dev", action="store_true", help="listen on localhost, with a certificate for a day")
    add("--metrics-port", type=int, default=8080, metavar="N", help="probes' port (default: 8080)")
    add(
        "--shutdown-delay",
        type=_read_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long to keep answering after SIGTERM (default: 10)",
    )
    add(
        "--grace",
        type=_read_seconds,
        default=25.0,
        metavar="SECONDS",
        help="end at the latest this long after SIGTERM (default: 25)",
    )
    add_client_arguments(parser)
    add("--max-body", type=_read_count, metavar="BYTES", help="the largest body (default: 19 MiB)")
    add("--concurrency", type=_read_count, metavar="N", help="reviews at a time (default: 256)")
    add("--log-reviews", choices=("all", "denials"), default="all", help="which reviews to log")
    add("--tracing", action="store_true", help="export spans, configured by OTEL_... variables")
    add_cluster_arguments(parser)


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Serve until told to stop: 0 then, 1 where the API server does not answer, 2 for wrong
    arguments, policy or certificates."""
    problem = _usage_problem(arguments)
    if problem is not None:
        err.write(f"mlgate serve: {problem}\n")
        return USAGE_ERROR
    try:
        return (
            _uninstall(arguments, out, err) if arguments.uninstall else _serve(arguments, out, err)
        )
    except ModuleNotFoundError as error:
        err.write(f"{name_extra(error, 'serve')}\n")
        return USAGE_ERROR


def _usage_problem(arguments: SimpleNamespace) -> str | None:
    """What is wrong with the combination of arguments that are each valid."""
    files = (arguments.tls_cert, arguments.tls_key)
    if files != (None, None) and None in files:
        return "--tls-cert and --tls-key go together"
    if arguments.dev and files != (None, None):
        return "--dev makes its own certificate: leave out --tls-cert and --tls-key"
    if arguments.client_name and arguments.client_ca is None:
        return "--client-name needs --client-ca"
    if arguments.grace <= arguments.shutdown_delay:
        delay = arguments.shutdown_delay
        return f"--grace ({arguments.grace:g}) must be more than --shutdown-delay ({delay:g})"
    return find_cluster_fault(arguments, own=files == (None, None) and not arguments.dev)


def _uninstall(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    from cluster.client import ApiError, connect
    from webhook.replica.member import uninstall

    try:
        uninstall(connect(arguments.kubeconfig), read_replica_options(arguments))
    except ApiError as error:
        err.write(f"mlgate serve: {error}\n")
        return UNANSWERED
    out.write("the webhook configurations are removed; mlgate may be deleted now\n")
    return 0


def _serve(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    from webhook.identity.certificates import Certificates, CertificateUnusable
    from webhook.observability.logs import Log
    from webhook.server.clients import TokenFile
    from webhook.server.policy_reloader import PolicyReloader, PolicyUnusable
    from webhook.server.process import serve

    log = Log(err, denials_only=arguments.log_reviews == "denials")
    options = _server_options(arguments)
    try:
        _check_ports(options)
        policies = PolicyReloader(arguments.policy)
        certificates = _certify(arguments, out)
        token = TokenFile(arguments.client_token) if arguments.client_token else None
        tracing = _trace() if arguments.tracing else None
        member = _join(arguments, policies, log, certificates)
        if certificates is None:
            source = member.source if member else None
            assert source is not None, "a certificate is in files or the cluster's"  # noqa: S101
            certificates = Certificates(source, arguments.client_ca)
    except (PolicyUnusable, CertificateUnusable, ValueError) as error:
        err.write(f"{error}\n")
        return USAGE_ERROR
    except ConnectionError as error:
        err.write(f"mlgate serve: {error}\n")
        return UNANSWERED
    handler = _make_handler(arguments, policies, member, log)
    handler.clients = check_clients(arguments, member, token)
    handler.tracing = tracing
    return serve(handler, certificates, options, member, token)


def _trace() -> "Tracing":
    """Where spans go. Raises ValueError."""
    from webhook.observability.tracing import start_tracing

    try:
        return start_tracing()
    except ValueError as error:
        raise ValueError(f"mlgate serve --tracing: {error}") from None


def _check_ports(options: "ServerOptions") -> None:
    """Whether both ports are free. Raises ValueError."""
    # Asked before anything is begun: a server that fails to listen later has already told the user
    # how to reach it, or joined the election.
    import socket

    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    for flag, port in (("--port", options.port), ("--metrics-port", options.metrics_port)):
        with socket.socket(family) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((options.host, port))
            except OSError as error:
                text = f"mlgate serve: {flag} {port} on {options.host}: {error.strerror}"
                raise ValueError(text) from None


def _certify(arguments: SimpleNamespace, out: TextIO) -> "Certificates | None":
    """The certificate in the files given, or with --dev in new ones, and how to have them trusted.
    None where mlgate makes its own in the cluster."""
    from webhook.identity.certificates import Certificates, file_source

    if arguments.tls_cert is not None:
        given = file_source(arguments.tls_cert, arguments.tls_key)
        return Certificates(given, arguments.client_ca)
    if not arguments.dev:
        return None
    from webhook.commands.trial import make_dev_files, registration_steps

    made = make_dev_files()
    out.write(registration_steps(arguments.port, made.authority.read_bytes()))
    out.flush()
    return Certificates(file_source(made.certificate, made.key), arguments.client_ca)


def _join(
    arguments: SimpleNamespace,
    policies: "PolicyReloader",
    log: "Log",
    certificates: "Certificates | None",
) -> "Member | None":
    """The replica's part in the cluster; None where it is to have none."""
    if arguments.no_cluster or (arguments.dev and arguments.kubeconfig is None):
        return None
    from cluster.client import connect
    from webhook.replica.member import Member

    options = read_replica_options(arguments)
    # The cluster may have an mlgate of its own, whose configurations stay as they are.
    if arguments.dev:
        options = options._replace(register=False)
    # An API server that is known by something else needs no token in its path.
    if arguments.client_token or arguments.client_ca:
        options = options._replace(tokens=False)
    client = connect(options.kubeconfig)
    key = None if certificates is None else lambda: certificates.pair.key
    return Member(options, client, lambda: policies.active.policy, log, key, lambda: policies.error)


def _make_handler(
    arguments: SimpleNamespace, policies: "PolicyReloader", member: "Member | None", log: "Log"
) -> "ReviewHandler":
    from webhook.knowledge.cluster_facts import ClusterFacts, NoCluster
    from webhook.server.handler import ReviewHandler
    from webhook.server.request_limits import (
        DEFAULT_CONCURRENCY,
        DEFAULT_MAX_BODY,
        RequestLimits,
    )

    cluster: ClusterFacts = NoCluster() if member is None else member
    limits = RequestLimits(
        arguments.max_body or DEFAULT_MAX_BODY, arguments.concurrency or DEFAULT_CONCURRENCY
    )
    return ReviewHandler(policies=policies, cluster=cluster, log=log, limits=limits)


def _server_options(arguments: SimpleNamespace) -> "ServerOptions":
    from webhook.server.process import ServerOptions

    return ServerOptions(
        host=arguments.host or (_LOCALHOST if arguments.dev else ServerOptions().host),
        port=arguments.port,
        metrics_port=arguments.metrics_port,
        # No API server has to notice that this one is going: ^C ends it at once.
        shutdown_delay=0.0 if arguments.dev else arguments.shutdown_delay,
        grace=arguments.grace,
        client_names=frozenset(arguments.client_name),
    )


def _read_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0 to 3600, found {text}")
    return seconds


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, found {text}")
    return int(text)
