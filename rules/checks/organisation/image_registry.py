"""An image comes from a registry that the organisation does not allow.

## What
The images of machine-learning pods, and of all pods with accelerators, must come from the
registries or repositories that the policy lists.

## Why
Machine-learning images contain gigabytes of other people's code and run next to your most valuable
data and machines. Images from elsewhere have not been scanned, and every new node pulls them over
the internet.

## Example
```yaml
# policy: rules: {ORG006: {allowed: [registry.example.com/ml/*]}}
containers: [{image: pytorch/pytorch:2.4}]
```

## Use instead
```yaml
containers: [{image: "registry.example.com/ml/pytorch:2.4"}]
```

## Fix safety
There is no fix: whether an allowed registry has the image is not known here.

## References
- `github.com/distribution/reference` (an image without a registry is docker.io's)
- gatekeeper-library, K8sAllowedRepos; kyverno.io, Restrict Image Registries
"""

from collections.abc import Iterator, Mapping

from rules.globs import fits_glob
from rules.image import parse_image
from rules.kinds.pods import Container
from rules.manifest import is_template
from rules.ml_pods import find_ml_pods
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted, shorten
from rules.type_names import Any
from rules.workload import Workload

_HUB = "docker.io"
_HUB_NAMES = ("", "index.docker.io", "registry-1.docker.io")


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    allowed = params["allowed"]
    for one in workload.once(find_ml_pods) if allowed else ():
        for container in one.pod.containers:
            problem = _judge(container, allowed)
            if problem is not None:
                yield problem._replace(role_path=one.pod.path, confidence=one.confidence)


def _judge(container: Container, allowed: tuple[str, ...]) -> Problem | None:
    reference = container.get("image")
    if not isinstance(reference, str) or not reference or is_template(reference):
        return None
    image = parse_image(reference)
    hub = image.registry in _HUB_NAMES
    repository = image.repository
    if hub and "/" not in repository:
        repository = f"library/{repository}"
    registry = _HUB if hub else image.registry
    if any(_is_allowed(registry, repository, one) for one in allowed):
        return None
    path = container.place("image")
    found = f"{dotted(path)} is from {shorten(f'{registry}/{repository}')}"
    return Problem("other", path, f"{found}; expected {' or '.join(allowed)}")


def _is_allowed(registry: str, repository: str, pattern: str) -> bool:
    """Whether an image is one of those that a glob allows: the registry and what stands behind the
    first slash are held against their own parts of it, lest a name in another registry fit."""
    host, slash, rest = pattern.partition("/")
    return fits_glob(registry, host) and (not slash or fits_glob(repository, rest))


RULE = Rule(
    code="ORG006",
    name="image-registry",
    harm=Harm.UNWANTED,
    forms=form_table("other  error  warn  deny  the image is from none of the registries allowed"),
    check=check,
    docs=__doc__ or "",
    scope="machine learning, and pods with accelerators",
    parameters=(
        Parameter("allowed", "globs of registries, or of registry and repository", default=()),
    ),
)
