"""Which cluster a command asks, and as whom: as kubectl would, else as the pod that it runs in."""

import argparse
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.client import Client

_POD_SIGN = "KUBERNETES_SERVICE_HOST"
"""Is set in every pod."""


def add_kubeconfig_arguments(group: argparse._ActionsContainer) -> None:
    """``--kubeconfig`` and ``--context``, as kubectl has them."""
    group.add_argument(
        "--kubeconfig",
        metavar="FILE",
        help="the kubeconfig (default: KUBECONFIG, ~/.kube/config, or the pod's own access)",
    )
    group.add_argument(
        "--context", metavar="NAME", help="the context to use (default: the current one)"
    )


def connect_as_kubectl(arguments: SimpleNamespace) -> "Client":
    """The client that ``add_kubeconfig_arguments`` ask for. Raises ApiError, and ImportError
    without the packages that it needs."""
    # A command line is read without them.
    from cluster.client import ApiError, connect

    file = find_kubeconfig(arguments.kubeconfig)
    if file is None and arguments.context:
        raise ApiError(0, "--context needs a kubeconfig, and there is none")
    return connect(file, arguments.context)


def find_kubeconfig(given: str | None = None) -> str | None:
    """The kubeconfig to use: the given one, or where kubectl looks; None in a pod, which has an
    account of its own. Raises ApiError where there is neither."""
    from cluster.client import ApiError

    stated = given or os.environ.get("KUBECONFIG")
    if stated:
        return stated
    usual = Path("~/.kube/config").expanduser()
    if usual.exists():
        return str(usual)
    if _POD_SIGN in os.environ:
        return None
    text = "no kubeconfig, and this is no pod: give --kubeconfig, or set KUBECONFIG"
    raise ApiError(0, text)
