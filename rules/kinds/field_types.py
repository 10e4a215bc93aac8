"""The fields of Kubernetes' own types that workloads are made of, with the shape of each.

Source: the types of core/v1, batch/v1, apps/v1, autoscaling/v2 and apimachinery's ObjectMeta, at
Kubernetes 1.37; what autoscaling/v1 alone has stands beside.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain

from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any
from rules.words import find_spellings

ANY = "any"
_MOST, _LONGEST = 256, 64
"""Keys of a type of which it is remembered what may be meant, and letters of each."""
_SHAPES = {"text": str, "number": int, "flag": bool, "list": list, "mapping": dict}


class FieldType:
    """The type of a mapping: the shape of each of its fields, and the type of those that have one
    here (of a list: that of its items)."""

    __slots__ = ("_meant", "inner", "plain", "shapes")

    def __init__(self, shapes: Mapping[str, str], typed: Iterable[str] = ()) -> None:
        """``typed`` are the fields that have a type here: they are put into ``inner``."""
        self.shapes = shapes
        self.inner: dict[str, FieldType] = {}
        self.plain = frozenset(shapes).difference(typed)
        """The fields of which no more is known than their shape."""
        self._meant: dict[str, tuple[str, ...]] = {}

    def spell(self, key: str) -> tuple[str, ...]:
        """The fields that ``key`` may be a misspelling of, the likeliest first."""
        known = self._meant.get(key)
        if known is None:
            known = find_spellings(key, self.shapes)
            if len(self._meant) < _MOST and len(key) <= _LONGEST:
                self._meant[key] = known
        return known


class UntypedKey(NamedTuple):
    """A key of ``body``, the mapping at ``parent``, that its ``type`` does not have."""

    parent: Path
    key: str
    body: Mapping[str, Any]
    type: FieldType


def has_shape(value: Any, shape: str) -> bool:
    """Whether a value is known to be of that shape; true and false are no numbers."""
    return shape_of(value) == shape


def shape_of(value: Any) -> str:
    """The shape of a value, ANY where it is none of them."""
    found = type(value)
    return next((name for name, own in _SHAPES.items() if found is own), ANY)


def spec_type_of(group: str, name: str) -> str | None:
    """The type of the spec of a kind of Kubernetes' own."""
    return _SPECS.get((group, name))


def find_untyped(name: str, body: Any, at: Path) -> Iterator[UntypedKey]:
    """The keys that nobody knows in what stands at ``at``, of the type ``name`` or a list of it."""
    own = _read_types()[name]
    if not _is_plain(own.plain, body):
        yield from _find_untyped(own, body, at)


def _find_untyped(own: FieldType, body: Any, at: Path) -> Iterator[UntypedKey]:
    if isinstance(body, list):
        for index, item in enumerate(body):
            if isinstance(item, dict) and not own.plain.issuperset(item):
                yield from _find_untyped(own, item, (*at, index))
    elif isinstance(body, dict):
        for key, value in body.items():
            if key in own.plain:
                continue
            if key not in own.inner:
                yield UntypedKey(at, key, body, own)
            elif value and not _is_plain(own.inner[key].plain, value):
                yield from _find_untyped(own.inner[key], value, (*at, key))


def _is_plain(plain: frozenset[str], body: Any) -> bool:
    """Whether all keys of a mapping, or of all mappings of a list, are among ``plain``: told of
    most without a look at each."""
    try:
        return plain.issuperset(body if isinstance(body, dict) else chain.from_iterable(body))
    except TypeError:  # something else stands among them
        return False


@cache
def _read_types() -> dict[str, FieldType]:
    known: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    shapes: dict[str, str] = {}
    inner: dict[str, str] = {}
    for line in _TYPES.strip().splitlines():
        shape, *fields = line.split()
        if not fields:
            shapes, inner = {}, {}
            known[shape] = shapes, inner
        elif shape in _SHAPES or shape == ANY:
            shapes.update(dict.fromkeys(fields, shape))
        else:
            name = shape.strip("[]")
            shapes.update(dict.fromkeys(fields, "list" if name != shape else "mapping"))
            inner.update(dict.fromkeys(fields, name))
    types = {name: FieldType(*one) for name, one in known.items()}
    for name, (_, typed) in known.items():
        types[name].inner.update({key: types[of] for key, of in typed.items()})
    return types


_SPECS = {
    ("", "Pod"): "PodSpec",
    ("apps", "DaemonSet"): "DaemonSetSpec",
    ("apps", "Deployment"): "DeploymentSpec",
    ("apps", "ReplicaSet"): "ReplicaSetSpec",
    ("apps", "StatefulSet"): "StatefulSetSpec",
    ("autoscaling", "HorizontalPodAutoscaler"): "HorizontalPodAutoscalerSpec",
    ("batch", "CronJob"): "CronJobSpec",
    ("batch", "Job"): "JobSpec",
}

_TYPES = """
PodTemplateSpec
  ObjectMeta metadata
  PodSpec spec
ObjectMeta
  text creationTimestamp deletionTimestamp generateName name namespace resourceVersion selfLink
  text uid
  number deletionGracePeriodSeconds generation
  list finalizers managedFields ownerReferences
  mapping annotations labels
PodSpec
  text dnsPolicy hostname hostnameOverride nodeName preemptionPolicy priorityClassName
  text restartPolicy runtimeClassName schedulerName serviceAccount serviceAccountName subdomain
  number activeDeadlineSeconds priority terminationGracePeriodSeconds
  flag automountServiceAccountToken enableServiceLinks hostIPC hostNetwork hostPID hostUsers
  flag setHostnameAsFQDN shareProcessNamespace
  list ephemeralContainers evictionResponders hostAliases imagePullSecrets readinessGates
  list resourceClaims schedulingGates topologySpreadConstraints
  mapping affinity dnsConfig nodeSelector os overhead schedulingGroup securityContext
  ResourceRequirements resources
  [Container] containers initContainers
  [Toleration] tolerations
  [Volume] volumes
Container
  text image imagePullPolicy name restartPolicy terminationMessagePath terminationMessagePolicy
  text workingDir
  flag stdin stdinOnce tty
  list args command envFrom resizePolicy restartPolicyRules volumeDevices
  mapping securityContext
  Lifecycle lifecycle
  Probe livenessProbe readinessProbe startupProbe
  ResourceRequirements resources
  [ContainerPort] ports
  [EnvVar] env
  [VolumeMount] volumeMounts
ResourceRequirements
  list claims
  mapping limits requests
Probe
  number failureThreshold initialDelaySeconds periodSeconds successThreshold
  number terminationGracePeriodSeconds timeoutSeconds
  mapping exec grpc tcpSocket
  HTTPGetAction httpGet
HTTPGetAction
  text host path protocol scheme
  list httpHeaders
  any port
Lifecycle
  text stopSignal
  LifecycleHandler postStart preStop
LifecycleHandler
  mapping exec sleep tcpSocket
  HTTPGetAction httpGet
EnvVar
  text name value
  EnvVarSource valueFrom
EnvVarSource
  mapping configMapKeyRef fieldRef fileKeyRef resourceFieldRef secretKeyRef
VolumeMount
  text mountPath mountPropagation name recursiveReadOnly subPath subPathExpr
  flag readOnly
  list bindMountOptions
Volume
  text name
  mapping awsElasticBlockStore azureDisk azureFile cephfs cinder configMap csi downwardAPI
  mapping ephemeral fc flexVolume flocker gcePersistentDisk gitRepo glusterfs image iscsi nfs
  mapping photonPersistentDisk portworxVolume projected quobyte rbd scaleIO secret storageos
  mapping vsphereVolume
  EmptyDirVolumeSource emptyDir
  HostPathVolumeSource hostPath
  PersistentVolumeClaimVolumeSource persistentVolumeClaim
EmptyDirVolumeSource
  text medium sizeLimit
  number mode
PersistentVolumeClaimVolumeSource
  text claimName
  flag readOnly
HostPathVolumeSource
  text path type
ContainerPort
  text hostIP name protocol
  number containerPort hostPort
Toleration
  text effect key operator value
  number tolerationSeconds
JobSpec
  text completionMode managedBy podReplacementPolicy
  number activeDeadlineSeconds backoffLimit backoffLimitPerIndex completions maxFailedIndexes
  number parallelism ttlSecondsAfterFinished
  flag manualSelector suspend
  mapping scheduling selector successPolicy
  PodFailurePolicy podFailurePolicy
  PodTemplateSpec template
PodFailurePolicy
  [PodFailurePolicyRule] rules
PodFailurePolicyRule
  text action
  list onPodConditions
  mapping onExitCodes
CronJobSpec
  text concurrencyPolicy schedule timeZone
  number failedJobsHistoryLimit startingDeadlineSeconds successfulJobsHistoryLimit
  flag suspend
  JobTemplateSpec jobTemplate
JobTemplateSpec
  JobSpec spec
  ObjectMeta metadata
DeploymentSpec
  number minReadySeconds progressDeadlineSeconds replicas revisionHistoryLimit
  flag paused
  mapping selector
  DeploymentStrategy strategy
  PodTemplateSpec template
DeploymentStrategy
  text type
  RollingUpdateDeployment rollingUpdate
RollingUpdateDeployment
  any maxSurge maxUnavailable
StatefulSetSpec
  text podManagementPolicy serviceName
  number minReadySeconds replicas revisionHistoryLimit
  list volumeClaimTemplates
  mapping ordinals persistentVolumeClaimRetentionPolicy selector updateStrategy
  PodTemplateSpec template
DaemonSetSpec
  number minReadySeconds revisionHistoryLimit
  mapping selector updateStrategy
  PodTemplateSpec template
ReplicaSetSpec
  number minReadySeconds replicas
  mapping selector
  PodTemplateSpec template
HorizontalPodAutoscalerSpec
  number maxReplicas minReplicas targetCPUUtilizationPercentage
  CrossVersionObjectReference scaleTargetRef
  HorizontalPodAutoscalerBehavior behavior
  [MetricSpec] metrics
CrossVersionObjectReference
  text apiVersion kind name
HorizontalPodAutoscalerBehavior
  HPAScalingRules scaleDown scaleUp
HPAScalingRules
  text selectPolicy tolerance
  number stabilizationWindowSeconds
  [HPAScalingPolicy] policies
HPAScalingPolicy
  text type
  number periodSeconds value
MetricSpec
  text type
  mapping external object pods
  ContainerResourceMetricSource containerResource
  ResourceMetricSource resource
ResourceMetricSource
  text name
  MetricTarget target
ContainerResourceMetricSource
  text container name
  MetricTarget target
MetricTarget
  text averageValue type value
  number averageUtilization
"""
"""A type a paragraph: its name, then its fields by shape, or by their type: in brackets that of the
items of a list."""
