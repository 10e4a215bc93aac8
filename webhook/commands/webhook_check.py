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
_FORBIDDEN = 403
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
        help="a namespace to label in a dry run, not mlgate's own or kube-system",
    )
    add(
        "--wait",
        type=int,
        default=0,
        metavar="SECONDS",
        help="how long to retry while there is no answer (default: 0)",
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
    """Why the webhook did not answer for ``namespace``. Raises ApiError."""
    from webhook.registration.registrar import CONFIGURATION_PATHS, is_disabled

    live = client.get(CONFIGURATION_PATHS["ValidatingWebhookConfiguration"])
    if live is None:
        text = (
            "mlgate is not registered: there is no ValidatingWebhookConfiguration mlgate. A "
            "replica that is ready and leads writes it: see whether its pods run, and what their "
            "log says"
        )
        return Verdict(UNASKED, text, final=False)
    if is_disabled(live):
        text = "mlgate is switched off: the annotation mlgate.dev/disabled is on its configuration"
        return Verdict(ASKED, text, final=True)
    hook = _find_entry(live)
    if namespace in _list_left_out(hook):
        text = f"mlgate is never asked about the Namespace {namespace}: give another --namespace"
        return Verdict(UNASKED, text, final=True)
    return Verdict(UNASKED, _explain_entry(client, hook), final=False)


def _find_entry(live: "JsonObject") -> "JsonObject":
    """The entry of the live configuration by which a Namespace is asked about; empty without."""
    from webhook.registration.configurations import PROFILES_ENTRY

    hooks = live.get("webhooks") or ()
    return next((one for one in hooks if one["name"] == PROFILES_ENTRY), {})


def _list_left_out(hook: "JsonObject") -> set[str]:
    """The Namespaces that an entry leaves out by name."""
    from webhook.registration.configurations import NAME_LABEL

    return {
        name
        for one in (hook.get("namespaceSelector") or {}).get("matchExpressions") or ()
        if (one["key"], one["operator"]) == (NAME_LABEL, "NotIn")
        for name in one["values"]
    }


def _explain_entry(client: "Client", hook: "JsonObject") -> str:
    """What keeps the API server from an answer by an entry, as far as it can be seen. Raises
    ApiError."""
    called = hook.get("clientConfig") or {}
    if called and not called.get("caBundle"):
        return (
            "mlgate is registered without a caBundle, so that the API server trusts no answer of "
            "it: whoever is to write one, such as cert-manager's cainjector, has not yet"
        )
    service = called.get("service") or {}
    ready = _count_ready(client, service) if service else None
    if ready == 0:
        return (
            f"mlgate is registered, and no replica is ready: the Service {service['name']} in "
            f"{service['namespace']} has no endpoint that is (docs/operations.md, Is it well?)"
        )
    known = "no replica is ready, " if ready is None else ""
    seen = "" if ready is None else f", though {ready} of its endpoints are ready"
    return (
        f"mlgate is registered, and the API server has no answer of it{seen}: {known}the network "
        "between them is shut, or the caBundle is not the certificate's (docs/operations.md, The "
        "API server does not reach it)"
    )


def _count_ready(client: "Client", service: "JsonObject") -> int | None:
    """The endpoints of a Service that take requests; None where they may not be seen. Raises
    ApiError."""
    from cluster.client import ApiError
    from webhook.replica.peers import name_slices

    try:
        found = client.get(name_slices(service["namespace"], service["name"])) or {}
    except ApiError as error:
        if error.status != _FORBIDDEN:
            raise
        return None
    endpoints = [one for item in found.get("items") or () for one in item.get("endpoints") or ()]
    # What says nothing is ready (``discovery.k8s.io/v1``, EndpointConditions).
    return sum((one.get("conditions") or {}).get("ready") is not False for one in endpoints)
