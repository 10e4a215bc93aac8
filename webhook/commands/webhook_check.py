"""``mlgate webhook-check``: whether the API server asks mlgate, seen by a dry run.

A profile that does not exist is warned of under every policy: a dry run that gives one to a
Namespace is a question to mlgate, and writes nothing.
"""

import argparse
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, TextIO

from cluster.kubeconfig import add_kubeconfig_arguments, connect_as_kubectl
from rules.annotations import PROFILE_LABEL
from webhook.commands.extras import name_extra

if TYPE_CHECKING:
    from cluster.client import Client, JsonObject

ASKED, UNASKED, USAGE_ERROR = 0, 1, 2
_QUESTION = {"metadata": {"labels": {PROFILE_LABEL: "webhook-check"}}}
_PAUSE = 1.0
_PASSING = frozenset({408, 409, 429})
"""Refusals that another try need not meet: too late, changed meanwhile, too many requests."""


class Verdict(NamedTuple):
    """What was seen: the exit code, and what is told. ``final``: no later look is expected to see
    more."""

    code: int
    text: str
    final: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate webhook-check``."""
    add_kubeconfig_arguments(parser)
    add = parser.add_argument
    add(
        "--namespace",
        default="default",
        metavar="NAME",
        help="whose label a dry run changes; not mlgate's own, nor kube-system (default: default)",
    )
    add(
        "--wait",
        type=int,
        default=0,
        metavar="SECONDS",
        help="how long to ask again while there is no answer (default: 0)",
    )


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0 where mlgate is asked, or switched off on purpose; 1 where it is not, or the
    API server does not say; 2 without its packages, or a kubeconfig that can be used."""
    try:
        from cluster.client import ApiError

        client = connect_as_kubectl(arguments)
    except ModuleNotFoundError as error:
        err.write(f"{name_extra(error, 'webhook-check')}\n")
        return USAGE_ERROR
    except ApiError as error:
        err.write(f"mlgate webhook-check: {error}\n")
        return USAGE_ERROR
    end = time.monotonic() + arguments.wait
    verdict = look(client, arguments.namespace)
    while not verdict.final and time.monotonic() < end:
        time.sleep(_PAUSE)
        verdict = look(client, arguments.namespace)
    (err if verdict.code else out).write(f"{verdict.text}\n")
    return verdict.code


def look(client: "Client", namespace: str) -> Verdict:
    """What is seen by one dry run, on a label of the Namespace ``namespace``."""
    from cluster.client import ApiError

    try:
        warnings = client.try_merge(f"/api/v1/namespaces/{namespace}", _QUESTION)
        told = next((one for one in warnings if one.startswith(PROFILE_LABEL)), None)
        if told is not None:
            return Verdict(ASKED, f"the API server asks mlgate, which answers: {told}", final=True)
        return _explain_silence(client, namespace)
    except ApiError as error:
        refused = 400 <= error.status < 500 and error.status not in _PASSING
        return Verdict(UNASKED, f"mlgate webhook-check: {error}", final=refused)


def _explain_silence(client: "Client", namespace: str) -> Verdict:
    """Why nothing was said of ``namespace``. Raises ApiError."""
    from webhook.registration.registrar import CONFIGURATION_PATHS, is_disabled

    live = client.get(CONFIGURATION_PATHS["ValidatingWebhookConfiguration"])
    if live is None:
        text = (
            "mlgate is not registered: there is no ValidatingWebhookConfiguration mlgate. A "
            "replica that is ready and leads writes it; what keeps it from that stands in its log"
        )
        return Verdict(UNASKED, text, final=False)
    if is_disabled(live):
        text = "mlgate is switched off: the annotation mlgate.dev/disabled is on its configuration"
        return Verdict(ASKED, text, final=True)
    if namespace in _list_left_out(live):
        text = f"mlgate is never asked about the Namespace {namespace}: give another --namespace"
        return Verdict(UNASKED, text, final=True)
    text = (
        "mlgate is registered, and the API server has no answer of it: no replica is ready, the "
        "network between them is shut, or the caBundle is not the certificate's "
        "(docs/operations.md, The API server does not reach it)"
    )
    return Verdict(UNASKED, text, final=False)


def _list_left_out(live: "JsonObject") -> set[str]:
    """The Namespaces that the live configuration leaves out by name."""
    from webhook.registration.configurations import NAME_LABEL, PROFILES_ENTRY

    return {
        name
        for hook in live.get("webhooks") or ()
        if hook["name"] == PROFILES_ENTRY
        for one in (hook.get("namespaceSelector") or {}).get("matchExpressions") or ()
        if (one["key"], one["operator"]) == (NAME_LABEL, "NotIn")
        for name in one["values"]
    }
