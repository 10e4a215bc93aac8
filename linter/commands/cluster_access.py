"""Which cluster a command asks, as whom, and how fast."""

import argparse
from types import SimpleNamespace

from cluster.kubeconfig import add_kubeconfig_arguments, connect_as_kubectl
from linter.errors import UserError
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.client import Client


def add_target_arguments(group: argparse._ArgumentGroup) -> None:
    """Which cluster, as whom, what of it, and how fast."""
    add_kubeconfig_arguments(group)
    add = group.add_argument
    add(
        "-n",
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="this namespace only; repeatable",
    )
    add(
        "-l",
        "--selector",
        default="",
        metavar="LABELS",
        help="only objects that this label selector matches",
    )
    add(
        "--rate",
        type=_read_rate,
        default=10.0,
        help="the maximum of requests per second (default: 10)",
    )


def connect_cluster(arguments: SimpleNamespace, command: str) -> "Client":
    """The client that ``add_target_arguments`` ask for. ``command`` is the one to name in a
    UserError."""
    try:
        from cluster.client import ApiError

        return connect_as_kubectl(arguments)
    except ImportError as error:
        raise tell_extra(error, command) from None
    except ApiError as error:
        raise UserError(f"mlgate {command}: {error}") from None


def tell_extra(error: ImportError, command: str) -> UserError:
    """What to install."""
    return UserError(
        f"mlgate {command}: the package {error.name} is missing: install mlgate's extra `cluster`"
    )


def _read_rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(f"expected a number up to 1000, found {text}")
    return rate
