"""An image or a model is not pinned to a version.

## What
The image of a container that does a pod's work, or of a volume, needs a fixed tag or a digest, and
a model that is downloaded from a hub needs a revision.

## Why
With `latest`, or no tag, every retry and every replica that an autoscaler adds may run another
build, and results cannot be reproduced. The kubelet asks the registry at each start, which fails
when the registry is down, and pulls gigabytes if the tag has moved.

## Example
```yaml
containers: [{name: trainer, image: registry.example/trainer:latest}]
```

## Use instead
```yaml
containers: [{name: trainer, image: "registry.example/trainer:1.4.2"}]
```
A digest (`@sha256:...`) is even better. Models take `--revision`, `REVISION`, or KServe's
`hf://owner/model:revision`.

## Fix safety
There is no fix: which version is meant is not known here.

## References
- https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
- `pkg/apis/core/v1/defaults.go` (SetDefaults_Container)
"""

from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.hub import find_hub_model
from rules.image import Image, parse_image
from rules.kinds.pods import Pod
from rules.lazy_pattern import LazyPattern
from rules.manifest import is_template
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import Path, dig, dotted, shorten
from rules.type_names import Any
from rules.wording import join_problems
from rules.words import split_name
from rules.workload import ML_ROLES, Workload

_LAST = frozenset({"latest", "nightly"})
_FIRST = _LAST | {"main", "master", "dev", "devel", "develop", "edge", "head", "canary", "snapshot"}
"""Words that a tag which moves begins with, or ends with."""
_VARIANTS = frozenset("server full light slim cuda rocm gpu cpu xpu sycl vulkan musa intel".split())
"""Words that tell one build of a version from another: a tag of nothing else (``server-cuda``)
names no version."""
_SETTLED = 6
"""From so many digits on a tag names a day or a commit: ``nightly-20260101``."""
_TOLD_LATER = frozenset({"replaced", "replace", "overridden", "placeholder", "changeme", "todo"})
_VERSION = LazyPattern(r"\d[.-]\d")
_REFERENCE = ("image", "reference")


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    found: dict[str, list[Problem]] = {}
    for pod in workload.pods_of(ML_ROLES):
        for problem in _judge_pod(workload, pod):
            found.setdefault(problem.form, []).append(problem)
    yield from map(join_problems, found.values())


def _judge_pod(workload: Workload, pod: Pod) -> Iterator[Problem]:
    for main in pod.mains:
        yield from _judge(pod, workload.command(main), whole=not workload.partial)
    # A volume can be an image as well (KEP-4639), most often of weights.
    for volume in pod.volumes:
        written = dig(volume.body, _REFERENCE)
        if isinstance(written, str) and not is_template(written) and _moves(parse_image(written)):
            yield _tell(pod, (*volume.path, *_REFERENCE), written)


def _judge(pod: Pod, command: CommandLine, *, whole: bool) -> Iterator[Problem]:
    """``whole``: what is not said here is said nowhere: a patch has its base."""
    written, image = command.container.get("image"), command.image
    told = isinstance(written, str) and not is_template(written)
    if told and (whole or image.tag) and _moves(image):
        yield _tell(pod, command.container.place("image"), str(written))
    model = find_hub_model(command)
    if model is not None and whole and not model.pinned:
        found = f"{shorten(model.what)}, without a revision: the next start may load other weights"
        yield Problem("model", model.path, f"{found}; expected a revision", role_path=pod.path)


def _tell(pod: Pod, path: Path, written: str) -> Problem:
    found = f"{dotted(path)} is {shorten(written)}: the next start may run another build; expected"
    return Problem("image", path, f"{found} a tag that stays, or a digest", role_path=pod.path)


def _moves(image: Image) -> bool:
    """Whether an image's tag is given to one build after another. A name in capitals, or one that
    says so, is put in later; some names have the version, and need no tag."""
    if image.digest or not image.name or image.name.isupper():
        return False
    if not image.tag:
        return not _VERSION.search(image.name) and _TOLD_LATER.isdisjoint(split_name(image.name))
    words = split_name(image.tag)
    if any(sum(map(str.isdigit, word)) >= _SETTLED for word in words) or not words:
        return False
    return words[0] in _FIRST or words[-1] in _LAST or _VARIANTS.issuperset(words)


RULE = Rule(
    code="IMG001",
    name="image-and-model-pinned",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        image  warning  warn   warn   an image's tag moves from build to build
        model  info     audit  audit  a model of a hub has no revision
    """),
    check=check,
    docs=__doc__ or "",
    scope="pods of machine learning",
    roles=ML_ROLES,
)
