"""The webhook as the API server asks it: objects that are created, and what is made of them."""

import base64
import json
from collections.abc import Iterable

import jsonpatch

from rules.annotations import DEFAULTED
from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.policy import Policy
from tests.api_server import NAMESPACE, Body, fill, unmark
from tests.manifests import TODAY, labels_of_namespaces
from tests.webhook.bodies import review
from webhook.review.admission import ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext


def surround(bodies: Iterable[Body], policy: Policy, *, complete: bool = False) -> ReviewContext:
    """A cluster that holds ``bodies``; ``complete``: and that its cache has listed."""
    bodies = list(bodies)
    inventory = Inventory(namespace=NAMESPACE, complete=complete)
    engine = Engine(policy, inventory, TODAY)
    for body in bodies:
        manifest = Manifest(body)
        kind = engine.neighbour_kind_of(manifest)
        if kind is not None:
            inventory.add(manifest, kind)
    labels = labels_of_namespaces(map(Manifest, bodies))
    return ReviewContext(policy, inventory, TODAY, namespace_labels=labels.get)


def admit(body: Body, known: ReviewContext) -> ReviewOutcome:
    """What ``/validate`` says of the object's creation."""
    return validate(review(body, namespace=body["metadata"]["namespace"]), known)


def mend(body: Body, known: ReviewContext) -> Body:
    """The object that the API server goes on with after ``/mutate``, without the marks."""
    outcome = mutate(review(body, namespace=body["metadata"]["namespace"]), known)
    assert not outcome.dropped
    patch = outcome.body["response"].get("patch")
    operations = json.loads(base64.b64decode(patch)) if patch else []
    return bare(jsonpatch.apply_patch(body, operations))


def bare(body: Body) -> Body:
    return fill(unmark(body, DEFAULTED))
