"""What Kubeflow's training operator and the MPI operator ask of their jobs.

Source: training-operator, branch release-1.9, ``pkg/webhooks`` (v1.7-branch
``pkg/apis/kubeflow.org/v1/*_validation.go``); mpi-operator ``pkg/apis/kubeflow/validation``.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from rules.kinds.contracts.clauses import Breach, Contract, Terms, read_number, tell_place
from rules.kinds.kubeflow import OPERATORS, Operator
from rules.kinds.replica_specs import read_replicas
from rules.kinds.views import SpecView
from rules.lazy_pattern import LazyPattern
from rules.manifest import is_template
from rules.paths import EACH, dotted, shorten

_NAME = LazyPattern(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_LABEL = "a DNS-1035 label must consist of lower case alphanumeric characters or '-'"


def _containers(operator: Operator, spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    """The container that the operator takes for the main one, by its name."""
    for replica in read_replicas(spec, operator.field):
        bodies = list(replica.view.each("template", "spec", "containers", EACH))
        names = [str(body.dig("name") or "") for body in bodies]
        if not names or operator.container in names or any(map(is_template, names)):
            continue
        path, told = tell_place(bodies[0], "name")
        words = f"must have at least one container with name {operator.container}"
        preset = operator.container if len(bodies) == 1 else None
        yield Breach(path, f"{told} is {shorten(names[0])}", words, preset)


def _masters(operator: Operator, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    """One master, and since v1.8 in so many words: the webhook comes before the defaults."""
    for replica in read_replicas(spec, operator.field):
        path, told = tell_place(replica.view, "replicas")
        written, count = replica.view.dig("replicas"), read_number(replica.view, "replicas")
        if replica.type != "master" or is_template(written):
            continue
        if written is None and terms.has_webhooks:
            yield Breach(path, f"{told} is not set", "must be 1", 1, safe=True)
        elif count is not None and count != 1:
            yield Breach(path, f"{told} is {count}", "must be 1")


def _workers(operator: Operator, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    for replica in read_replicas(spec, operator.field):
        count = read_number(replica.view, "replicas")
        if replica.type == "worker" and count is not None and count < 1 and terms.has_webhooks:
            path, told = tell_place(replica.view, "replicas")
            yield Breach(path, f"{told} is {count}", "must be at least 1")


def _types(
    types: tuple[str, ...], operator: Operator, spec: SpecView, terms: Terms
) -> Iterator[Breach]:
    """The replica types, letter by letter since v1.8."""
    for replica in read_replicas(spec, operator.field):
        key = str(replica.view.path[-1])
        known = (key if terms.has_webhooks else replica.type.capitalize()) in types
        if not known and not is_template(key):
            path, told = tell_place(replica.view)
            words = f"Unsupported value: supported values: {', '.join(types)}"
            yield Breach(path, f"{told} is no replica type", words)


def _elastic(operator: Operator, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    for policy in spec.each("elasticPolicy"):
        if not any(one.type == "worker" for one in read_replicas(spec, operator.field)):
            words = "must be configured if elastic policy is used"
            yield Breach(policy.path, f"{dotted(policy.path)} is set without a Worker", words)
        if policy.dig("nProcPerNode") is not None and spec.dig("nprocPerNode") is not None:
            path, told = tell_place(policy, "nProcPerNode")
            if terms.has_webhooks:
                words = "must not be used with spec.nprocPerNode"
                yield Breach(path, f"{told} is set beside spec.nprocPerNode", words)


def _needs_master(operator: Operator, spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    replicas = read_replicas(spec, operator.field)
    if replicas and not any(replica.type == "master" for replica in replicas):
        path, told = tell_place(spec, operator.field)
        yield Breach(path, f"{told} has no Master", "must be present")


def _chiefs(operator: Operator, spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    replicas = read_replicas(spec, operator.field)
    chiefs = [replica for replica in replicas if replica.type in ("chief", "master")]
    if len(chiefs) > 1:
        path, told = tell_place(spec, operator.field)
        words = "must not have more than 1 Chief or Master role"
        yield Breach(path, f"{told} has a Chief and a Master", words)


def _name(spec: SpecView, terms: Terms) -> Iterator[Breach]:
    """Services are named after the job."""
    name = spec.manifest.dig("metadata", "name")
    if not isinstance(name, str) or is_template(name) or not terms.has_webhooks:
        return
    if _NAME.fullmatch(name) is None:
        yield Breach(("metadata", "name"), f"metadata.name is {shorten(name)}", _LABEL)


def _launcher(spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    replicas = read_replicas(spec, "mpiReplicaSpecs")
    launchers = [one for one in replicas if one.view.path[-1] == "Launcher"]
    if replicas and not launchers:
        path, told = tell_place(spec, "mpiReplicaSpecs")
        yield Breach(path, f"{told} has no Launcher", "must have Launcher replica spec")
    for launcher in launchers:
        count = read_number(launcher.view, "replicas")
        if count is not None and count != 1:
            path, told = tell_place(launcher.view, "replicas")
            yield Breach(path, f"{told} is {count}", "must be 1")


_BOTH = ("Master", "Worker")
_ASKED: dict[str, tuple[Callable[..., Iterable[Breach]], ...]] = {
    "PyTorchJob": (partial(_types, _BOTH), _masters, _workers, _elastic),
    "XGBoostJob": (partial(_types, _BOTH), _masters, _needs_master),
    "PaddleJob": (partial(_types, _BOTH),),
    "JAXJob": (partial(_types, ("Worker",)),),
    "TFJob": (_chiefs,),
}
"""What is asked of each kind of Kubeflow's beside the name of its main container, and its own."""


def _asked(operator: Operator) -> Contract:
    bound = (partial(clause, operator) for clause in (_containers, *_ASKED[operator.kind]))
    return Contract("the training operator", (*bound, _name))


CONTRACTS = {
    **{("kubeflow.org", one.kind, "v1"): _asked(one) for one in OPERATORS},
    ("kubeflow.org", "MPIJob", "v2beta1"): Contract(
        "the MPI operator", (_launcher,), admitted=True
    ),
}
