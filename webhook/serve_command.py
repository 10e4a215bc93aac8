"""``mlgate serve``: the admission webhook."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from webhook.app import Desk
    from webhook.certificates import Certificates
    from webhook.server import Place
    from webhook.settings import Settings

USAGE_ERROR = 2
LOCAL = "127.0.0.1"
EXTRA = frozenset(
    {"cryptography", "fastapi", "httptools", "orjson", "prometheus_client", "uvicorn", "uvloop"}
)
MISSING = "mlgate serve needs more packages: pip install 'mlgate[webhook]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate serve``."""
    add = parser.add_argument
    add("--host", metavar="ADDRESS", help="where to listen (default: 0.0.0.0)")
    add("--port", type=int, default=8443, metavar="N", help="the webhook's port (default: 8443)")
    add("--tls-cert", type=Path, metavar="FILE", help="the certificate chain, PEM")
    add("--tls-key", type=Path, metavar="FILE", help="its key, PEM")
    add("--policy", type=Path, metavar="FILE", help="the policy file; without it the default")
    add("--no-cluster", action="store_true", help="ask no cluster: all look-ups are unknown")
    add("--dev", action="store_true", help="on localhost, with a certificate made for the day")
    add("--metrics-port", type=int, default=8080, metavar="N", help="probes and metrics")
    add(
        "--shutdown-delay",
        type=_read_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long to go on answering after SIGTERM (default: 10)",
    )
    add(
        "--grace",
        type=_read_seconds,
        default=25.0,
        metavar="SECONDS",
        help="how long after SIGTERM the process ends at the latest (default: 25)",
    )
    add("--client-ca", type=Path, metavar="FILE", help="ask clients for a certificate of this CA")
    add(
        "--client-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that a client's certificate may carry; repeatable, needs --client-ca",
    )
    add("--max-body", type=_read_count, metavar="BYTES", help="the largest body (default: 7 MiB)")
    add("--concurrency", type=_read_count, metavar="N", help="reviews at a time (default: 64)")


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Serve until told to stop: 0 then, 2 for wrong arguments, policy or certificates."""
    problem = _complain(arguments)
    if problem is not None:
        err.write(f"mlgate serve: {problem}\n")
        return USAGE_ERROR
    try:
        return _serve(arguments, out, err)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        err.write(f"{MISSING} ({error.name} is not there)\n")
        return USAGE_ERROR


def _complain(arguments: argparse.Namespace) -> str | None:
    """What is wrong between arguments that are each as they should be."""
    files = (arguments.tls_cert, arguments.tls_key)
    if not arguments.dev and None in files:
        return "give --tls-cert and --tls-key, or --dev"
    if arguments.dev and files != (None, None):
        return "--dev makes its own certificate: leave out --tls-cert and --tls-key"
    if arguments.client_name and arguments.client_ca is None:
        return "--client-name needs --client-ca"
    if arguments.grace <= arguments.shutdown_delay:
        delay = arguments.shutdown_delay
        return f"--grace ({arguments.grace:g}) must be more than --shutdown-delay ({delay:g})"
    return None


def _serve(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    from webhook import certificates, settings
    from webhook.server import serve

    try:
        policy = settings.Settings(arguments.policy)
        served = _certify(arguments, out)
    except (settings.Unusable, certificates.Unusable) as error:
        err.write(f"{error}\n")
        return USAGE_ERROR
    return serve(_make_desk(arguments, policy, err), served, _place(arguments))


def _certify(arguments: argparse.Namespace, out: TextIO) -> "Certificates":
    """The certificates of the arguments; with --dev new ones, and how to have them trusted."""
    from webhook.certificates import Certificates

    if not arguments.dev:
        return Certificates(arguments.tls_cert, arguments.tls_key, arguments.client_ca)
    from webhook.trial import explain, make_files

    files = make_files()
    out.write(explain(arguments.port, files.authority.read_bytes()))
    out.flush()
    return Certificates(files.certificate, files.key, arguments.client_ca)


def _make_desk(arguments: argparse.Namespace, policy: "Settings", err: TextIO) -> "Desk":
    from webhook.app import CONCURRENCY, MAX_BODY, Desk, Limits
    from webhook.knowledge import NoCluster
    from webhook.logs import Log

    limits = Limits(arguments.max_body or MAX_BODY, arguments.concurrency or CONCURRENCY)
    return Desk(settings=policy, knowledge=NoCluster(), log=Log(err), limits=limits)


def _place(arguments: argparse.Namespace) -> "Place":
    from webhook.server import Place

    return Place(
        host=arguments.host or (LOCAL if arguments.dev else Place().host),
        port=arguments.port,
        metrics_port=arguments.metrics_port,
        shutdown_delay=arguments.shutdown_delay,
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
