"""Weights are downloaded to the node's disk without reserving space.

## What
A container that downloads a model from a hub must request ephemeral storage, set a sizeLimit on the
emptyDir that receives the model, or mount a claim at its server's cache.

## Why
A container's file system and an emptyDir fill the node's disk. The kubelet evicts the pods that
exceed their requests most, in the middle of the load, and the next pod starts downloading again. A
claim mounted next to the cache, instead of at it, stays empty.

## Example
```yaml
containers:
- name: server
  image: vllm/vllm-openai:v0.11.0
  args: [--model=meta-llama/Llama-3.1-70B-Instruct]
  resources: {limits: {nvidia.com/gpu: 4}}
```

## Use instead
```yaml
  volumeMounts: [{name: models, mountPath: /root/.cache/huggingface}]
volumes: [{name: models, persistentVolumeClaim: {claimName: models}}]
```
Or `requests: {ephemeral-storage: 200Gi}`, if each new pod may download the model again.

## Fix safety
Unsafe: three bytes per parameter are enough for most models, but a node must have that much space.

## References
- GoogleCloudPlatform/kubernetes-engine-samples#1581, foundation-model-stack/fms-hf-tuning#106
- https://kubernetes.io/docs/concepts/storage/ephemeral-storage/
"""

from collections.abc import Iterator, Mapping
from math import ceil

from rules.model import Fix, Harm, Parameter, Problem, Related, Rule, form_table
from rules.type_names import Any
from rules.weights import FetchedWeights, find_fetched
from rules.wording import write_value
from rules.workload import SERVING, TRAINING, Workload

_BYTES = 3
"""Gibibytes for a billion parameters: two bytes each, and room for what comes beside them."""


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for one in () if workload.partial else find_fetched(workload):
        if one.size is None or one.size.loaded >= params["min_params_b"]:
            yield _tell(workload, one)


def _tell(workload: Workload, one: FetchedWeights) -> Problem:
    what = "weights" if one.size is None else f"weights of {one.size}"
    found = f"{one.cache.what} on {one.where}, and {what} are fetched there"
    expected = "expected a claim there, a sizeLimit, or a request of ephemeral-storage"
    form = "unsized" if one.size is None else "large"
    related: tuple[Related, ...] = ()
    if one.claim is not None:
        form = "beside"
        related = (Related((*one.claim.path, "mountPath"), "this volume does not hold the cache"),)
    return Problem(
        form,
        one.model.path,
        f"{found}; {expected}",
        _mend(workload, one),
        related=related,
        role_path=one.pod.path,
    )


def _mend(workload: Workload, one: FetchedWeights) -> Fix | None:
    if one.size is None:
        return None
    path = (*workload.resources(one.container)[0], "requests", "ephemeral-storage")
    size = f"{ceil(one.size.loaded * _BYTES)}Gi"
    return write_value(workload.manifest.value(path), size, safe=False)


RULE = Rule(
    code="STO007",
    name="weights-on-unbounded-ephemeral-disk",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        large    warning  warn   warn   a large model is fetched to a disk without a bound
        beside   warning  warn   warn   and a claim is mounted, elsewhere than its cache
        unsized  info     audit  audit  a model is, of which nobody says how large it is
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="training and serving",
    roles=TRAINING | SERVING,
    parameters=(
        Parameter(
            "min_params_b", "from how many billions of parameters on a model counts", default=3
        ),
    ),
)
