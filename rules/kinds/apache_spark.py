"""Apache's own operator of Spark (spark.apache.org): SparkApplication.

Source: apache/spark-kubernetes-operator ``spark-operator-api`` (``ApplicationSpec``,
``ApplicationTolerations``, ``RestartConfig``); spark ``resource-managers/kubernetes``
(``Config.scala``, ``BasicDriverFeatureStep``, ``BasicExecutorFeatureStep``). There is a pod
template for the driver and one for the executors; all else is settings of Spark.
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.batch import JOB_PRIORS
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, Pod
from rules.kinds.podspec import make_container, make_pod
from rules.kinds.roles import Subrole
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import Deadlines, Retry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.spark import RUN_ADVICE, RUN_COUNTING, read_jvm_amount
from rules.kinds.views import SpecView
from rules.paths import Path
from rules.type_names import Any
from rules.whole_numbers import parse_whole

_TOLERATIONS: Path = ("applicationTolerations",)
_RESTART: Path = (*_TOLERATIONS, "restartConfig")
_PARTS = (("driver", Subrole.MASTER), ("executor", Subrole.WORKER))
_PROGRAMS = ("pyFiles", "sparkRFiles", "jars")
_DYNAMIC = "spark.dynamicAllocation.enabled"

_SPEC: FactRows = {
    facts.APPLICATION_RESTART_POLICY: (
        "applicationTolerations.restartConfig.restartPolicy",
        "Never",
        CONTROLLER,
    ),
    facts.BACKOFF_LIMIT: (
        "applicationTolerations.restartConfig.maxRestartAttempts",
        3,
        CONTROLLER,
    ),
    facts.MIN_REPLICAS: ("applicationTolerations.instanceConfig.minExecutors",),
    facts.MAX_REPLICAS: ("applicationTolerations.instanceConfig.maxExecutors",),
    facts.ENTRYPOINT: ("pyFiles",),
    facts.DYNAMIC_ALLOCATION: (f'sparkConf["{_DYNAMIC}"]', "false", CONTROLLER),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The driver's pod and the executors', which Spark makes and never restarts."""
    for part, subrole in _PARTS:
        driver = subrole is Subrole.MASTER
        main = _main(spec, part)
        pod = make_pod(
            spec.below(f"{part}Spec", "podTemplateSpec"),
            name=part,
            subrole=subrole,
            writer=driver,
            replicas=1 if driver else _count(spec),
            text=str(spec.dig("mainClass") or ""),
            images=False,
        )
        others = (one for one in pod.containers if one.path != main.path)
        yield pod._replace(containers=(main, *others))


def _main(spec: SpecView, part: str) -> Container:
    """Spark's container: the first of the template, over which the settings are laid."""
    settings = spec.mapping("sparkConf")
    template = spec.below(f"{part}Spec", "podTemplateSpec", "spec", "containers", 0)
    own = f"spark.kubernetes.{part}.container.image"
    image = own if own in settings else "spark.kubernetes.container.image"
    program = next((key for key in _PROGRAMS if spec.dig(key)), _PROGRAMS[0])
    body = {
        **template.mapping(),
        "image": settings.get(image),
        "command": spec.dig(program),
        "args": spec.dig("driverArgs"),
        "resources": _resources(settings, part),
    }
    container = make_container(body, template.path)
    elsewhere = {
        "image": (*spec.path, "sparkConf", image),
        "command": (*spec.path, program),
        "args": (*spec.path, "driverArgs"),
        "resources": (*spec.path, "sparkConf"),
    }
    named = container._replace(name=f"spark-kubernetes-{part}", elsewhere=elsewhere)
    return named._replace(made=frozenset({"resources"}))


def _resources(settings: Mapping[str, Any], part: str) -> dict[str, dict[str, Any]]:
    """What Spark asks for, by its settings: memory and devices are limited to it as well."""
    prefix = f"spark.{part}."
    vendor = settings.get(f"{prefix}resource.gpu.vendor")
    shared = {
        "memory": read_jvm_amount(settings.get(f"{prefix}memory")),
        f"{vendor}/gpu": settings.get(f"{prefix}resource.gpu.amount") if vendor else None,
    }
    cores = f"spark.kubernetes.{part}.request.cores", f"{prefix}cores"
    requests = {"cpu": settings.get(cores[0]) or settings.get(cores[1]), **shared}
    limits = {"cpu": settings.get(f"spark.kubernetes.{part}.limit.cores"), **shared}
    return {"requests": _written(requests), "limits": _written(limits)}


def _written(amounts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: amount for name, amount in amounts.items() if amount is not None}


def _count(spec: SpecView) -> int | None:
    """The number of executors, a text in the settings; by default two
    (``spark.executor.instances``)."""
    settings = spec.mapping("sparkConf")
    if str(settings.get(_DYNAMIC)).lower() == "true":
        return None
    written = str(settings.get("spark.executor.instances", 2))
    return parse_whole(written)


def _retries(spec: SpecView) -> Iterator[Retry]:
    """``Never`` restarts nothing, whatever number stands beside it."""
    if spec.dig(*_RESTART, "restartPolicy") in ("OnFailure", "OnInfrastructureFailure"):
        budget = spec.value(*_RESTART, "maxRestartAttempts")
        yield Retry(budget, "the operator takes its default of 3", unset_passes=True)


def _deadlines(spec: SpecView, _pods: Any) -> Deadlines:
    bound = spec.value("driverSpec", "podTemplateSpec", "spec", "activeDeadlineSeconds")
    return Deadlines((bound,), (bound.path,), counting=RUN_COUNTING, advice=RUN_ADVICE)


KINDS: tuple[Kind, ...] = (
    Kind(
        "spark.apache.org",
        "SparkApplication",
        pods=_pods,
        priors=JOB_PRIORS,
        required=(("spec", "runtimeVersions"),),
        rows=((SPEC, _SPEC),),
        retries=_retries,
        deadlines=_deadlines,
        outputs_in_code=True,
        plural="sparkapplications",
    ),
)
