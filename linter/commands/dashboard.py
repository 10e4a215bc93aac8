"""``mlgate dashboard``: what is wrong in a live cluster, in a browser."""

import argparse
import gc
import os
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from types import SimpleNamespace

from linter.commands.cluster_access import (
    add_target_arguments,
    connect_cluster,
    tell_extra,
)
from linter.commands.lint_arguments import add_rule_arguments, make_task
from linter.errors import UserError
from linter.judging.selection import select_rules
from linter.judging.settings import name_policy, settle_policy
from linter.judging.task import Task
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.dashboard.gate import Gate, Network, ProxyTrust
    from linter.dashboard.view import ScanView

DASHBOARD_EXAMPLES = """\
examples:
  mlgate dashboard                                    # http://localhost:8090, by kubectl's context
  mlgate dashboard -n research --team-label example.com/team --interval 5m"""

_LOCALHOST = "127.0.0.1"
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_MEBIBYTE = 1024 * 1024
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate dashboard``."""
    parser.epilog = DASHBOARD_EXAMPLES
    add_target_arguments(parser.add_argument_group("the cluster"))
    add_rule_arguments(parser.add_argument_group("what is judged, and how"))
    _add_round_arguments(parser.add_argument_group("when, and what is kept"))
    _add_listening_arguments(parser.add_argument_group("who may look"))


def _add_round_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--interval",
        type=_read_interval,
        default=600.0,
        metavar="TIME",
        help="the time between the end of a scan and the next, as 90s, 10m or 2h (default: 10m)",
    )
    group.add_argument(
        "--team-label",
        default="team",
        metavar="KEY",
        help="the label that names the team, on objects or their Namespace (default: team)",
    )
    group.add_argument(
        "--snapshot-size",
        type=_read_size,
        default=128,
        metavar="MIB",
        help="memory for the objects of the last scan, used by the simulator (default: 128)",
    )
    group.add_argument(
        "--history", metavar="FILE", help="keep the results of the last 1,000 scans in this file"
    )


def _add_listening_arguments(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--host",
        default=_LOCALHOST,
        metavar="ADDRESS",
        help="the address to listen on (default: localhost)",
    )
    add("--port", type=_read_port, default=8090, metavar="N", help="the port (default: 8090)")
    add("--tls-cert", metavar="FILE", help="the certificate chain, PEM")
    add("--tls-key", metavar="FILE", help="its key, PEM")
    add("--token-file", metavar="FILE", help="require the token in this file")
    add(
        "--trusted-proxy",
        action="append",
        type=_read_network,
        default=[],
        metavar="CIDR",
        help="the addresses of a proxy that authenticates users; repeatable",
    )
    add(
        "--identity-header",
        default="X-Forwarded-User",
        type=_read_header,
        metavar="NAME",
        help="the header in which the proxy names the user (default: X-Forwarded-User)",
    )
    add(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help="accept requests for this host name only; repeatable (default: localhost, if it "
        "listens there)",
    )


def run(arguments: SimpleNamespace, _out: TextIO, err: TextIO) -> int:
    """Serve until told to stop. Raises UserError for what is wrong with the arguments, the policy,
    or what they name."""
    _check_listening(arguments)
    # The command line's own runs end before there is garbage.
    gc.enable()
    scan_once = _make_scanner(arguments)
    try:
        from linter.dashboard.app import create_dashboard
        from linter.dashboard.board import Board
        from linter.dashboard.rounds import ScanRounds
        from linter.dashboard.scan_history import HistoryFile
        from linter.dashboard.server import ListenOptions, listen, make_server
        from linter.dashboard.side_process import end_side_processes
    except ImportError as error:
        raise tell_extra(error, "dashboard") from None

    def tell(line: str) -> None:
        err.write(f"mlgate dashboard: {line}\n")
        err.flush()

    history = HistoryFile(arguments.history, tell) if arguments.history else None
    board = Board(arguments.interval, arguments.team_label, history)
    app = create_dashboard(board, _make_gate(arguments))
    options = ListenOptions(arguments.host, arguments.port, arguments.tls_cert, arguments.tls_key)
    rounds = ScanRounds(scan_once, board, tell)

    def end() -> None:
        rounds.stop()
        end_side_processes()

    server = make_server(app, options, tell, end)
    socket = listen(options)
    rounds.start()
    tell(_name_address(arguments, socket.getsockname()[1]))
    server.run(sockets=[socket])
    return 0


def _check_listening(arguments: SimpleNamespace) -> None:
    """Raises UserError where others than this machine's users could see it unasked."""
    files = (arguments.tls_cert, arguments.tls_key)
    if None in files and files != (None, None):
        raise UserError("mlgate dashboard: --tls-cert and --tls-key go together")
    if _is_local(arguments.host):
        return
    missing = []
    if files == (None, None):
        missing.append("--tls-cert and --tls-key")
    if arguments.token_file is None and not arguments.trusted_proxy:
        missing.append("--token-file or --trusted-proxy")
    if missing:
        raise UserError(
            f"mlgate dashboard: --host {arguments.host} can be reached from elsewhere: give "
            + ", and ".join(missing)
        )


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _make_gate(arguments: SimpleNamespace) -> "Gate":
    from linter.dashboard.gate import LOCAL_NAMES, Gate, TokenOnDisk

    token = None
    if arguments.token_file is not None:
        token = TokenOnDisk(arguments.token_file)
        token.read()
    # With a token no page of another site gets further than its own name does; without one the
    # name is all there is.
    named: set[str] = set(arguments.host_name)
    local = _is_local(arguments.host)
    hosts = LOCAL_NAMES | named | {arguments.host} if local else named or None
    return Gate(token, _make_trust(arguments), hosts)


def _make_trust(arguments: SimpleNamespace) -> "ProxyTrust | None":
    from linter.dashboard.gate import ProxyTrust

    if not arguments.trusted_proxy:
        return None
    return ProxyTrust(arguments.identity_header.lower(), tuple(arguments.trusted_proxy))


def _make_scanner(arguments: SimpleNamespace) -> "Callable[[int], ScanView]":
    """What makes one scan after another, each in a process of its own. What is wrong with the
    policy or the kubeconfig is told now."""
    _read_task(arguments)
    connect_cluster(arguments, "dashboard")
    from linter.dashboard.side_process import call_aside

    # All but its standard input can be handed to another process.
    words = {name: value for name, value in vars(arguments).items() if name != "stdin"}
    return lambda number: call_aside(scan_once, SimpleNamespace(**words), number)


def scan_once(arguments: SimpleNamespace, number: int) -> "ScanView":
    """Look at the cluster by the policy and the kubeconfig as they stand now. Raises UserError."""
    from linter.dashboard.cluster_scan import ScanPlan, scan_cluster
    from linter.dashboard.view import make_view
    from linter.scanning.survey import Wanted

    task, policy = _read_task(arguments)
    wanted = Wanted(tuple(arguments.namespace), arguments.selector)
    client = connect_cluster(arguments, "dashboard")
    plan = ScanPlan(client, wanted, arguments.rate, arguments.snapshot_size * _MEBIBYTE)
    return make_view(number, scan_cluster(plan, task, policy), arguments.team_label)


def _read_task(arguments: SimpleNamespace) -> tuple[Task, str]:
    """The task, and what its policy is called. Raises UserError."""
    arguments.show_roles = False
    policy, file = settle_policy(arguments.policy, os.curdir)
    task = make_task(arguments, policy, select_rules(arguments.select, arguments.ignore))
    return task, name_policy(policy, file, arguments.profile)


def _name_address(arguments: SimpleNamespace, port: int) -> str:
    scheme = "http" if arguments.tls_cert is None else "https"
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    return f"{scheme}://{host}:{port}/"


def _read_interval(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([smh]?)", text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 10 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"expected from 10s to 24h, such as 10m, found {text}")
    return float(seconds)


def _read_size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_536:
        raise argparse.ArgumentTypeError(f"expected MiB, a number up to 65536, found {text}")
    return int(text)


def _read_port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"expected a port, found {text}")
    return int(text)


def _read_network(text: str) -> "Network":
    try:
        return ip_network(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an address or a CIDR, found {text}") from None


def _read_header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"expected the name of a header, found {text}")
    return text
