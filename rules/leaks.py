"""Where credentials may be written out, beside the commands of containers: fields of an object, and
the ConfigMaps that its pods read."""

from collections.abc import Iterator

from rules.commands import CommandLine, Fragment
from rules.credentials import may_hold
from rules.kinds.config_maps import CONFIG_MAP, CREDENTIALS
from rules.kinds.facts import RUNTIME_ENV, SERVE_CONFIG, WORKFLOW_PARAMETERS
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.model import ObjectKey
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING
from rules.workload import Workload

if TYPE_CHECKING:
    from rules.kinds.named_objects import NamedObject


class ConfigLeak(NamedTuple):
    """A pod names a ConfigMap, at ``path``, whose ``key`` holds a credential: ``what``."""

    path: Path
    object: ObjectKey
    key: str
    what: str


def may_leak(command: CommandLine) -> bool:
    """Quick test whether a container may hold a credential at all: few do."""
    variables, texts = command.environment, command.texts
    written = [text for text, _ in (*variables.values(), *texts)]
    return bool(written) and may_hold("\n".join([*variables, *written]))


def read_fields(workload: Workload) -> Iterator[Fragment]:
    """The object's own texts in which an environment stands, and the parameters of a workflow."""
    for fact in (RUNTIME_ENV, SERVE_CONFIG):
        for value in workload.each(fact):
            yield Fragment(str(value.value or ""), value.path)
    for value in workload.each(WORKFLOW_PARAMETERS):
        parameters = value.value if isinstance(value.value, list) else []
        for index, one in enumerate(parameters):
            if isinstance(one, dict):
                text = f"{one.get('name')}={one.get('value')}"
                yield Fragment(text, (*value.path, index, "value"))


def find_config_leaks(workload: Workload, pod: Pod) -> Iterator[ConfigLeak]:
    """The ConfigMaps at hand that a pod reads, of each the first credential that reaches it."""
    told: set[str] = set()
    if not workload.neighbourhood.holds(CONFIG_MAP):
        return
    for named in _list_named(workload, pod):
        reference = named.reference
        if CONFIG_MAP.name not in reference.kinds or reference.name in told:
            continue
        answer, held = workload.ask(reference, CREDENTIALS)
        wanted = workload.manifest.dig(*named.path[:-1], "key")
        for key, what in (held or {}).items() if answer is Answer.FOUND else ():
            if wanted in (None, key):
                told.add(reference.name)
                yield ConfigLeak(named.path, reference.key, key, what)
                break


def _list_named(workload: Workload, pod: Pod) -> Iterator["NamedObject"]:
    from rules.kinds.named_objects import (  # noqa: PLC0415 - most runs look at no ConfigMap
        name_of_environment,
        name_of_volumes,
    )

    namespace = workload.identity.namespace
    for container in pod.containers:
        yield from name_of_environment(container, namespace)
    yield from name_of_volumes(pod.volumes, namespace)
