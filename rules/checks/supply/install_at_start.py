"""Packages are installed each time a container starts.

## What
The image of a container that trains or serves must contain everything that it needs: no packages
are installed and no repositories cloned before its program starts.

## Why
If the package index is down or limits its clients, the container cannot start, and a new release of
a package may run instead of the tested one. Every retry and every new replica waits for it again,
while holding its accelerators.

## Example
```yaml
command: [sh, -c, "pip install -r requirements.txt && python train.py"]
```

## Use instead
```yaml
image: registry.example/trainer:1.4.2    # pip install ran when it was built
command: [python, train.py]
```

## Fix safety
There is no fix: you have to build an image.

## References
- https://docs.ray.io/en/latest/ray-core/handling-dependencies.html (Ray's runtime environments)
"""

from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.installs import find_install
from rules.kinds.facts import RUNTIME_ENV
from rules.kinds.pods import ContainerUse
from rules.kinds.podspec import make_container
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import Path, dotted
from rules.type_names import Any
from rules.wording import join_problems
from rules.workload import SERVING, TRAINING, Workload

_ROLES = TRAINING | SERVING
_PACKAGES = ("pip:", "conda:", "uv:")


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    found: dict[str, list[Problem]] = {}
    for problem in (*_find_installs(workload), *_find_runtime(workload)):
        found.setdefault(problem.form, []).append(problem)
    yield from map(join_problems, found.values())


def _find_installs(workload: Workload) -> Iterator[Problem]:
    for pod in workload.pods_of(_ROLES):
        for container in pod.containers:
            form = {ContainerUse.MAIN: "start", ContainerUse.INIT: "init"}.get(container.use, "")
            hook = container.get("lifecycle", "postStart", "exec")
            place = container.place("lifecycle", "postStart", "exec")
            lines = [workload.command(container), *_read_hook(hook, place)] if form else []
            for what, word in filter(None, map(find_install, lines)):
                yield Problem(form, word.path, _tell(word.path, what), role_path=pod.path)


def _read_hook(hook: Any, place: Path) -> list[CommandLine]:
    return [CommandLine(make_container(hook, place))] if isinstance(hook, dict) else []


def _tell(path: Path, what: str) -> str:
    return f"{dotted(path)} runs {what} at every start; expected it in the image"


def _find_runtime(workload: Workload) -> Iterator[Problem]:
    """What Ray installs on its nodes before a job runs."""
    value = workload.at(RUNTIME_ENV)
    if value is None or not isinstance(value.value, str) or not workload.pods_of(_ROLES):
        return
    if any(line.strip().startswith(_PACKAGES) for line in value.value.splitlines()):
        found = f"{dotted(value.path)} has Ray install packages at every start"
        yield Problem("ray", value.path, f"{found}; expected them in the image")


RULE = Rule(
    code="IMG002",
    name="install-at-start",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        start  warning  warn   warn   a container installs packages before its program
        init   info     audit  audit  an init container does
        ray    info     audit  audit  Ray does, as the job says
    """),
    check=check,
    docs=__doc__ or "",
    scope="training and serving",
    roles=_ROLES,
)
