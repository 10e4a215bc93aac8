"""The folders in which libraries and servers keep models and what they compile."""

from collections.abc import Iterator
from posixpath import normpath

from rules.commands import CommandLine
from rules.kinds.pods import Container, Mount, Pod
from rules.manifest import is_template
from rules.paths import Path, dig, shorten
from rules.record import NamedTuple
from rules.servers import find_server
from rules.storage import Keeping, Storage

_HUB = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE")
_OTHERS = (
    *("TRITON_CACHE_DIR", "TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR", "XDG_CACHE_HOME"),
    "VLLM_CACHE_ROOT",
)
_FLAG = "download-dir"
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_TRUE = frozenset({"1", "true", "yes", "on"})


class NamedCache(NamedTuple):
    """A cache's folder, where it is written, and ``what`` names it: the beginning of a clause, in
    which the value of no variable stands."""

    folder: str
    path: Path
    what: str


def find_named_caches(command: CommandLine) -> tuple[NamedCache, ...]:
    """The caches that a container's environment and flags name. The hub's is none where nothing is
    fetched: then models are read alone."""
    return tuple(one for one in _name(command) if one.folder.startswith("/"))


def _name(command: CommandLine) -> Iterator[NamedCache]:
    known = command.environment
    offline = any(name in known and known[name].text.lower() in _TRUE for name in _OFFLINE)
    for name in _OTHERS if offline else (*_HUB, *_OTHERS):
        if name in known:
            folder = command.expand(known[name].text)
            if not is_template(folder):
                yield NamedCache(folder, known[name].path, f"{name} is")
    # To take a command line apart costs more than all that is asked here: few have the flag.
    fetches = not offline and "download" in command.script
    flag = command.flag(_FLAG) if fetches else None
    if flag is not None and not is_template(flag.value):
        yield NamedCache(flag.value, flag.path, f"--{_FLAG} is")


def find_default_cache(command: CommandLine) -> tuple[NamedCache, ...]:
    """The cache of a server that is told of no other, where its image is known."""
    server = find_server(command.image)
    told = any(name in command.environment for name in (*_OFFLINE, "HOME"))
    if server is None or told:
        return ()
    path = command.container.place("image")
    return tuple(
        NamedCache(folder, path, f"the cache of {server.name}, {folder}, is")
        for folder in server.caches[:1]
    )


def find_unwritable(
    folder: str, pod: Pod, container: Container, read_only_claims: frozenset[str]
) -> tuple[Mount | None, str]:
    """The mount that a folder is on, None for the container's own file system, and what that is,
    where nothing can be written there; no words where something can."""
    folder = normpath(folder)
    mounts = [mount for mount in container.mounts if _holds(mount.mount_path, folder)]
    mount = max(mounts, key=lambda mount: len(mount.mount_path.rstrip("/")), default=None)
    if mount is None:
        sealed = container.get("securityContext", "readOnlyRootFilesystem") is True
        under = any(_holds(folder, one.mount_path) for one in container.mounts)
        root = "the container's file system, which is read-only"
        return None, root if sealed and not under else ""
    if mount.read_only:
        return mount, f"volume '{shorten(mount.volume)}', which is mounted read-only"
    volume = next((one for one in pod.volumes if one.name == mount.volume), None)
    claim = dig(volume.body, ("persistentVolumeClaim", "claimName")) if volume else None
    if isinstance(claim, str) and claim in read_only_claims:
        return mount, "a claim that is ReadOnlyMany"
    place = Storage(pod, frozenset()).classify(mount)
    return mount, place.what if place.keeping is Keeping.READ_ONLY else ""


def _holds(folder: str, other: str) -> bool:
    folder = folder.rstrip("/")
    return bool(folder) and (other == folder or other.startswith(f"{folder}/"))
