"""The shared block of parameters: values that more than one rule reads, with their defaults."""

from collections.abc import Mapping

from rules.model import Parameter
from rules.type_names import Any

ACCELERATORS = (
    "nvidia.com/gpu*",
    "nvidia.com/mig-*",
    "nvidia.com/pgpu",
    "amd.com/gpu",
    "gpu.intel.com/*",
    "habana.ai/gaudi",
    "google.com/tpu",
    "aws.amazon.com/neuron*",
    "huawei.com/Ascend*",
    "volcano.sh/vgpu-number",
    "volcano.sh/gpu-number",
    "rebellions.ai/ATOM",
    "hygon.com/dcunum",
    "cambricon.com/vmlu",
    "metax-tech.com/gpu",
    "metax-tech.com/sgpu",
    "mthreads.com/vgpu",
    "iluvatar.ai/*-vgpu",
    "enflame.com/gcu",
    "kunlunxin.com/xpu",
    "kunlunxin.com/vxpu",
    "birentech.com/gpu",
    "vastaitech.com/va",
    "ibm.com/aiu_pf*",
)
"""Resource names of device plugins, as the vendors' own documentation gives them, and that of
Project-HAMi/HAMi (``charts/hami``) and of vllm-project/vllm-spyre."""

COMPANIONS = (
    "nvidia.com/gpumem*",
    "nvidia.com/gpucores",
    "gpu.intel.com/millicores",
    "gpu.intel.com/memory.max",
    "gpu.intel.com/tiles",
    "gpu.intel.com/*_monitoring",
    "huawei.com/Ascend*-memory",
    "volcano.sh/*memory",
    "volcano.sh/vgpu-memory-percentage",
    "volcano.sh/vgpu-cores",
    "vpc.amazonaws.com/efa",
    "rdma/*",
)
"""Resources that go with an accelerator and are none: shares of memory and cores, NICs."""

SHARING_ANNOTATIONS = ("gpu-fraction", "gpu-memory", "gpu-fraction-num-devices")
"""By which KAI and Run:ai give a pod a part of a GPU: kai-scheduler ``docs/gpu-sharing``."""

DURABLE_SCHEMES = (
    *("s3", "s3a", "gs", "gcs", "hdfs", "viewfs", "abfs", "abfss", "wasb", "wasbs", "az", "adl"),
    *("oss", "obs", "cos", "tos", "swift", "minio", "dbfs", "hf", "oci", "lakefs", "juicefs"),
)

SHARED_CLASSES = (
    *("efs*", "filestore*", "azurefile*", "nfs*", "cephfs*"),
    *("*-nfs", "*-nfs-*", "*-cephfs"),
)
"""As file shares' provisioners call them: of those access modes are a word, and no limit."""

SHARED: Mapping[str, tuple[Parameter, ...]] = {
    "roles": (
        Parameter("label", "the label or annotation that states a role", default="mlgate.dev/role"),
        Parameter(
            "deny_needs_confidence",
            "the least confidence in a role at which a finding that hangs on it may deny",
            default="high",
            choices=("high", "medium"),
        ),
    ),
    "accelerators": (
        Parameter(
            "patterns", "globs of resource names that are accelerators", default=ACCELERATORS
        ),
        Parameter("companions", "globs of those that are none after all", default=COMPANIONS),
        Parameter(
            "annotations",
            "globs of a pod template's annotations that ask for a share of an accelerator",
            default=SHARING_ANNOTATIONS,
        ),
    ),
    "retries": (
        Parameter(
            "max_total_attempts",
            "most attempts of retry budgets that multiply one another",
            default=12,
        ),
    ),
    "serving": (
        Parameter(
            "slow_load_seconds",
            "seconds that a model server may need to load, by model size (up to 13 and 40 billion "
            "parameters, larger or on several nodes)",
            default={"default": 180, "13B": 300, "40B": 600, "larger": 1200},
        ),
    ),
    "cluster": (
        Parameter(
            "kubernetes_version",
            "the release of Kubernetes, such as 1.33; any current one if it is not known",
            default="any",
        ),
        Parameter(
            "argo_version",
            "the release of Argo Workflows, such as 3.7; any if it is not known",
            default="any",
        ),
        Parameter(
            "trainer_version",
            "the release of Kubeflow Trainer, such as 2.1; any if it is not known",
            default="any",
        ),
        Parameter(
            "node_autoscaler",
            "what takes nodes away that are little used",
            default="any",
            choices=("any", "none", "cluster-autoscaler", "karpenter"),
        ),
        Parameter(
            "istio_native_sidecar",
            "Istio injects its proxy as a native sidecar, as it does by default since 1.27",
            default=False,
        ),
        Parameter(
            "controller_tz",
            "the time zone in which the cluster's controllers run, such as Etc/UTC; any if it is "
            "not known",
            default="any",
        ),
        Parameter(
            "training_operator_version",
            "the release of Kubeflow's training operator, such as 1.8; any if it is not known",
            default="any",
        ),
        Parameter(
            "kuberay_version",
            "the release of KubeRay, such as 1.4; any if it is not known",
            default="any",
        ),
        Parameter("kueue", "Kueue runs there, and jobs are to be queued", default=False),
        Parameter(
            "default_queue",
            "the queue that fixes name where none is named; none if they are to name none",
            default="none",
        ),
        Parameter(
            "gang",
            "what admits the pods of a training all or none",
            default="none",
            choices=("none", "kueue", "volcano", "coscheduling", "kai", "native"),
        ),
    ),
    "storage": (
        Parameter(
            "durable_schemes",
            "URI schemes of storage that outlives a pod",
            default=DURABLE_SCHEMES,
        ),
        Parameter(
            "assume_rwx",
            "globs of storage classes whose volumes many nodes can mount, whatever a claim says",
            default=SHARED_CLASSES,
        ),
    ),
}


def defaults(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """The default of each parameter, by its name."""
    return {parameter.name: parameter.default for parameter in parameters}


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``below`` with the values of ``above`` laid over: mappings key by key, lists as a whole. A
    mapping or list that is null says nothing."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if value is None and isinstance(under, (Mapping, tuple, list, frozenset)):
            continue
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(under, value) if both and isinstance(under, Mapping) else value
    return merged
