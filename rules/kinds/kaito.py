"""KAITO Workspaces: everything stands at the top level, there is no ``spec``.

Source: kaito ``api/v1beta1/workspace_types.go``. A workspace either serves (``inference``) or
tunes (``tuning``) a model; presets have no template in the object, and accelerators come with
``resource.instanceType``.
"""

from collections.abc import Iterator

from rules.kinds.podspec import make_pod, make_unseen_pod, read_count
from rules.kinds.schema import Ask, Kind, Pod, Role
from rules.manifest import Manifest
from rules.paths import Path

_TEMPLATE: Path = ("inference", "template")


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    if manifest.mapping("tuning"):
        yield _tuning(manifest)
    template = manifest.dig(*_TEMPLATE)
    if isinstance(template, dict):
        count = read_count(manifest.dig("resource", "count"))
        yield make_pod(_TEMPLATE, template, role=Role.SERVING, count=count, images=False)
    elif manifest.mapping("inference"):
        name = str(manifest.dig("inference", "preset", "name") or "")
        yield make_unseen_pod(("inference",), name=name, role=Role.SERVING)


def _tuning(manifest: Manifest) -> Pod:
    """The tuning job's pod; its output is an image that is pushed, or a volume."""
    output = manifest.mapping("tuning", "output")
    return make_unseen_pod(
        ("tuning",),
        name=str(manifest.dig("tuning", "preset", "name") or ""),
        role=Role.TRAINING,
        writer=True,
        outputs_known=True,
        durable=bool(output.get("image") or output.get("volume")),
    )


KINDS: tuple[Kind, ...] = (Kind("kaito.sh", "Workspace", pods=_pods, plural="workspaces"),)
