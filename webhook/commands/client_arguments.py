"""By what ``mlgate serve`` knows its clients: the arguments, and the check that they come to."""

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webhook.replica.member import Member
    from webhook.server.clients import ClientCheck, TokenFile


def add_client_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say by what clients are known."""
    add = parser.add_argument
    add(
        "--client-ca",
        type=Path,
        metavar="FILE",
        help="require clients to present a certificate of this CA",
    )
    add(
        "--client-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that a client's certificate may carry; repeatable, needs --client-ca",
    )
    add(
        "--client-token",
        type=Path,
        metavar="FILE",
        help="require this token of clients: `Authorization: Bearer`, or the end of the path",
    )


def check_clients(
    arguments: SimpleNamespace, member: "Member | None", token: "TokenFile | None"
) -> "ClientCheck":
    """The check of clients that the arguments ask for."""
    from webhook.server.clients import EVERYBODY, TELLING_SECONDS, ClientCheck

    if token is not None:
        return ClientCheck(token.knows, 0)
    # Without a cluster there is nothing to tell but what stands in the review itself.
    if arguments.client_ca is not None or arguments.dev or member is None:
        return EVERYBODY
    # Of a key in files the replicas hear one after the other: none may refuse the next token.
    own = member.source is not None
    return ClientCheck(member.tokens.knows, TELLING_SECONDS if own else None)
