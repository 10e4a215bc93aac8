"""The number of processes does not match the number of accelerators.

## What
The number of processes that a launcher or model server starts (`--nproc-per-node`,
`--tensor-parallel-size` x `--pipeline-parallel-size`, `nprocPerNode`, `NIM_TENSOR_PARALLEL_SIZE`,
...) must equal the accelerators of its container, or of the group of pods that loads one model.

## Why
With more processes than devices a server waits for ever or fails at startup, and training ranks
fight for one device. With fewer, devices that nobody else can use stand idle.

## Example
```yaml
args: [--tensor-parallel-size=4]
resources: {limits: {nvidia.com/gpu: 2}}
```

## Use instead
```yaml
args: [--tensor-parallel-size=2]
resources: {limits: {nvidia.com/gpu: 2}}
```
In a LeaderWorkerSet all pods of the group count. Unresolved numbers (`auto`, `$GPUS`), devices that
several processes share, and servers that find their devices through Ray are left alone.

## Fix safety
There is no fix: either number may be wrong.

## References
- vllm-project/vllm#25775, vllm-project/vllm#5450
- https://pytorch.org/docs/stable/elastic/run.html
"""

from collections.abc import Iterator, Mapping

from rules.model import Harm, Problem, Rule, form_table
from rules.parallelism import Parallelism, find_parallelism
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for one in workload.once(find_parallelism):
        idle = one.supply - one.processes
        if idle < 0:
            yield Problem("more", one.path, f"{_sum_up(one)}; expected at most {one.supply}")
        elif idle > 0 and one.whole:
            found = f"{_sum_up(one)}, {idle} of them idle"
            yield Problem("fewer", one.path, f"{found}; expected {one.supply}")


def _sum_up(one: Parallelism) -> str:
    """``--tp 8 x --pp 2: 16 processes for 2 pods x 4 = 8 accelerators``."""
    started = f"{one.processes} process{'es' * (one.processes != 1)}"
    group = f"{one.pods} pods x {one.devices} = " if one.pods > 1 else ""
    devices = f"{one.supply} accelerator{'s' * (one.supply != 1)}"
    return f"{' x '.join(one.told)}: {started} for {group}{devices}"


RULE = Rule(
    code="GPU005",
    name="parallelism-matches-accelerators",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table(
        """
        more   error    warn  warn  more processes than accelerators
        fewer  warning  warn  warn  fewer processes than accelerators
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="every pod template",
    accelerated=True,
)
