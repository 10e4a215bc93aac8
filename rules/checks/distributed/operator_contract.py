"""An operator refuses the object, or accepts it and never starts it.

## What
An object of an operator's kind must meet what the operator requires beyond its schema: the main
container's name, the number of masters, fields that exclude each other. So must a Job and an
autoscaler meet what the API server requires: completions of an Indexed Job, rules of a
podFailurePolicy, bounds in order.

## Why
A refusal by the operator's webhook shows up only when the object is applied, after review and
merge. An operator that checks later is worse: the object is created without an error, and nothing
ever runs.

## Example
```yaml
kind: PyTorchJob
spec:
  pytorchReplicaSpecs:
    Master:
      template:
        spec:
          containers: [{name: train, image: registry.example/train:1}]
```

## Use instead
```yaml
kind: PyTorchJob
spec:
  pytorchReplicaSpecs:
    Master:
      replicas: 1
      template:
        spec:
          containers: [{name: pytorch, image: registry.example/train:1}]
```
Operators have become stricter: before v1.8 of the training operator a master's `replicas` was
optional. What only some releases refuse is denied only if the policy names the release in use:
`parameters: {cluster: {training_operator_version: "1.9", kuberay_version: "1.6"}}`.

## Fix safety
Safe if only one value is possible (`Master.replicas: 1`, exit codes in order). Unsafe if a
container is renamed: references to its name are not updated.

## References
- training-operator `pkg/webhooks`; mpi-operator `pkg/apis/kubeflow/validation`
- kuberay `ray-operator/controllers/ray/utils/validation.go`
- volcano `pkg/webhooks/admission/jobs/validate`; lws `pkg/webhooks`
- kubeflow trainer `pkg/webhooks/trainingruntime_webhook.go`; knative serving
  `pkg/apis/serving/metadata_validation.go`; kserve `inferenceservice/utils`,
  `llm_inference_service_validation.go`
- kubernetes `pkg/apis/batch/validation`, `pkg/apis/autoscaling/validation`
"""

from collections.abc import Iterator, Mapping

from rules.kinds.contracts import find_contract
from rules.model import Fix, Harm, Problem, Rule, form_table
from rules.releases import read_release
from rules.relevance import is_plain
from rules.type_names import TYPE_CHECKING, Any
from rules.wording import write_value
from rules.workload import Workload

if TYPE_CHECKING:
    from rules.kinds.contracts.clauses import Breach, Contract


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    kind, version = workload.kind, workload.manifest.version
    contract = find_contract(kind.group, kind.name, version)
    if contract is None or workload.partial:
        return
    if contract.built_in and workload.once(is_plain):
        return
    from rules.kinds.contracts.clauses import Terms  # noqa: PLC0415 - few kinds have a contract

    cluster = params["cluster"]
    names = ("training_operator_version", "kuberay_version")
    terms = Terms(*(read_release(cluster[name]) for name in names))
    for clause in contract.clauses:
        breaches = tuple(clause(workload.spec, terms))
        # What an older release takes is a doubt where nobody says which one runs.
        certain = tuple(clause(workload.spec, terms.at_least)) if breaches else ()
        for breach in breaches:
            yield _judge(workload, contract, breach, certain=breach in certain)


def _judge(workload: Workload, contract: "Contract", breach: "Breach", *, certain: bool) -> Problem:
    fate = "takes the object and gives up on it" if contract.admitted else "refuses this"
    message = f'{breach.found}: {contract.who} {fate} ("{breach.words}")'
    message += "" if certain else "; older releases take it, and the policy names none"
    form = "controller" if contract.admitted else "webhook"
    return Problem(form if certain else "release", breach.path, message, _fix(workload, breach))


def _fix(workload: Workload, breach: "Breach") -> Fix | None:
    if breach.preset is None:
        return None
    value = workload.manifest.value(breach.place or breach.path)
    return write_value(value, breach.preset, safe=breach.safe)


RULE = Rule(
    code="DST002",
    name="operator-contract",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        webhook     error  deny  deny  the operator's webhook or the API server refuses the object
        controller  error  deny  deny  the operator takes the object and never runs it
        release     error  warn  warn  newer releases refuse it; the policy says not which one runs
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="every object",
    reads=(),
)
