"""Names of resources that look like an accelerator's and are none, and what is meant by them."""

from rules.memory import remember
from rules.words import count_edits

NVIDIA, AMD, TPU, NEURON = (
    "nvidia.com/gpu",
    "amd.com/gpu",
    "google.com/tpu",
    "aws.amazon.com/neuron",
)

_MISSPELT = {
    **dict.fromkeys("gpu gpus nvidia nvidiagpu nvidiagpus gpunvidia gpunvidiacom".split(), NVIDIA),
    **dict.fromkeys("nvidiacomgpu nvidiacomgpus".split(), NVIDIA),
    **dict.fromkeys("amdgpu amdgpus amdcomgpu amdcomgpus".split(), AMD),
    **dict.fromkeys("tpu tpus googletpu googletpus googlecomtpu googlecomtpus".split(), TPU),
}
"""By their letters and digits alone: ``nvidia.com.gpu``, ``nvidia/gpu`` and ``nvidia.com/GPU`` are
one."""

_RETIRED = {"alpha.kubernetes.io/nvidia-gpu": NVIDIA, "aws.amazon.com/neurondevice": NEURON}
"""Names that were served once: in Kubernetes before 1.10, and by AWS' device plugin, which offers
``neuron`` and ``neuroncore`` (aws-neuron/aws-neuron-sdk#1006)."""
_RETIRED_TPU = "cloud-tpus.google.com/"
"""``v2``, ``preemptible-v3``, ...: TPU nodes, which GKE no longer makes."""

_SERVED = (
    *(NVIDIA, AMD, TPU, NEURON),
    *("aws.amazon.com/neuroncore", "habana.ai/gaudi", "gpu.intel.com/i915", "gpu.intel.com/xe"),
)
"""Names that device plugins serve, to which another may be near."""
_LONGEST = 64
"""Characters of a name that is compared; a longer one is near to none."""
_MOST = 3
"""Edits at most, of the longest of them."""
_SLICE = "nvidia.com/mig-"
_LEAST_MEMORY = 5
"""GB of the smallest part of a GPU: ``1g.5gb`` of an A100 with 40 GB (MIG user guide, supported
profiles). No GPU has less, and those to come have more."""
_SLICES = frozenset({1, 2, 3, 4, 7})


@remember(256, _LONGEST)
def find_meant(name: str) -> str | None:
    """The accelerator that a name which nobody serves is meant for; None where it is none such."""
    if len(name) > _LONGEST:
        return None
    if is_retired(name):
        return _RETIRED.get(name, TPU)
    meant = _MISSPELT.get("".join(filter(str.isalnum, name.lower())))
    return None if meant == name else meant


def is_retired(name: str) -> bool:
    """Whether an accelerator was once offered under a name, and is no longer."""
    return name in _RETIRED or name.startswith(_RETIRED_TPU)


def counts_alike(name: str) -> bool:
    """Whether as much is meant by the other name: a TPU node had cores, and now has chips."""
    return not name.startswith(_RETIRED_TPU)


@remember(256, _LONGEST)
def find_nearest(name: str) -> str | None:
    """The accelerator whose name is one or two edits away (one, of a short name)."""
    return next((one for one in _SERVED if 0 < _measure(name, one) <= len(one) // 7), None)


def _measure(name: str, served: str) -> int:
    """The edits between two names; at once the longer one's letters where they are not alike."""
    if abs(len(name) - len(served)) > _MOST or len({*name} ^ {*served}) > 2 * _MOST:
        return max(len(name), len(served))
    return count_edits(name, served)


@remember(256, _LONGEST)
def is_no_slice(name: str) -> bool:
    """Whether a name is that of a MIG slice that no GPU can be cut into.

    Source: NVIDIA MIG user guide (supported profiles), k8s-device-plugin ``internal/rm`` (names of
    resources: ``mig-1g.5gb``, ``mig-1g.10gb.me``), ``api/config/v1/resources.go`` (names of one's
    own).
    """
    if not name.startswith(_SLICE) or len(name) > _LONGEST:
        return False
    parts, _, memory = name.removeprefix(_SLICE).partition("g.")
    if not any(map(str.isdecimal, parts)):
        return False  # the plugin's configuration may call a slice anything: mig-small
    size = memory.partition("gb")[0]
    if not (parts.isdecimal() and size.isdecimal() and "gb" in memory):
        return True
    return int(parts) not in _SLICES or int(size) < _LEAST_MEMORY * int(parts)
