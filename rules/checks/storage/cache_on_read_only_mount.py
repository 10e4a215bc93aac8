"""A model cache is on a read-only mount.

## What
The cache that a library is configured to use, or that a server uses by default, must be writable.

## Why
Even a complete cache is written to: the hub's client creates lock files, compilers store their
output. On a read-only mount the server fails with `OSError: [Errno 30] Read-only file system`
before it has loaded anything.

## Example
```yaml
containers:
- name: vllm
  env: [{name: HF_HOME, value: /model-cache}]
  volumeMounts: [{name: cache, mountPath: /model-cache, readOnly: true}]
```

## Use instead
Mount the volume without `readOnly`; or name the model by its path (`--model /model-cache/chat-8b`)
with `HF_HUB_OFFLINE=1`, and put the cache in an emptyDir.

## Fix safety
There is no fix: whether the volume may be writable, or the cache belongs elsewhere, is not known.

## References
- llm-d-incubation/llm-d-modelservice#243
- huggingface_hub `file_download.py` (WeakFileLock), vllm `envs.py` (VLLM_CACHE_ROOT)
"""

from collections.abc import Iterator, Mapping

from rules.claims import find_claims
from rules.kinds.pods import Container, Pod
from rules.model import Harm, Problem, Related, Rule, form_table
from rules.type_names import TYPE_CHECKING, Any
from rules.workload import Workload

if TYPE_CHECKING:
    from rules.caches import NamedCache


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods if not workload.partial else ():
        for container in pod.containers if pod.complete else ():
            yield from _judge(workload, pod, container)


def _judge(workload: Workload, pod: Pod, container: Container) -> Iterator[Problem]:
    sealed = container.get("securityContext", "readOnlyRootFilesystem") is True
    if not (sealed or container.mounts):
        return
    from rules import caches  # noqa: PLC0415 - many containers mount nothing

    command = workload.command(container)
    for cache in caches.find_named_caches(command) or caches.find_default_cache(command):
        mount, why = caches.find_unwritable(
            cache.folder, pod, container, _read_only_claims(workload)
        )
        if why:
            yield _tell(cache, why, None if mount is None else (*mount.path, "mountPath"))
            return


def _read_only_claims(workload: Workload) -> frozenset[str]:
    claims = workload.once(find_claims)
    return frozenset(one.key.name for one in claims if one.modes == ("ReadOnlyMany",))


def _tell(cache: "NamedCache", why: str, mounted: tuple[str | int, ...] | None) -> Problem:
    message = f"{cache.what} on {why}; expected a folder that can be written"
    related = () if mounted is None else (Related(mounted, "mounted here"),)
    return Problem("root" if mounted is None else "mount", cache.path, message, related=related)


RULE = Rule(
    code="STO008",
    name="cache-on-read-only-mount",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        mount  error  warn  warn  a cache is on a volume that is mounted read-only
        root   error  warn  warn  a cache is on a file system of the container that is read-only
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="pods that load models",
)
