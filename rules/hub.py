"""Models that a container fetches from a hub: who says which, and whether the version is fixed."""

from collections.abc import Iterator

from rules.commands import CommandLine
from rules.lazy_pattern import LazyPattern
from rules.manifest import is_template
from rules.paths import Path
from rules.record import NamedTuple

_NAME = LazyPattern(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
"""An owner and a model: https://huggingface.co/docs/hub/repositories-settings."""
_FOLDERS = frozenset(
    """
    app bin cache ckpt checkpoint checkpoints config configs data dist file home local mnt model
    models opt output outputs repo saved src tmp usr weights workspace
    """.split()
)
"""Names of folders, by which a path is none of the hub."""
_FILE = LazyPattern(r"\.(?:bin|ckpt|gguf|h5|json|onnx|pb|pt|pth|py|safetensors|sh|tar|ya?ml|zip)\Z")
_FLAGS = ("model", "model-id", "model-path", "model-name-or-path", "pretrained-model-name-or-path")
_VARIABLES = ("MODEL_ID", "HF_MODEL_ID", "HF_MODEL", "MODEL_NAME_OR_PATH")
_REVISIONS = ("revision", "model-revision")
_REVISION_VARIABLES = ("REVISION", "HF_REVISION", "MODEL_REVISION")
_SCHEME = "hf://"


class HubModel(NamedTuple):
    """A model of a hub: ``name`` as ``owner/model``, where it is written, ``what`` names that in
    the beginning of a clause; no value of a variable stands in it. ``pinned``: a version is said.
    """

    name: str
    path: Path
    what: str
    pinned: bool


def find_hub_model(command: CommandLine) -> HubModel | None:
    """The first model of a hub that a container's command or environment names."""
    return command.once(_find_first)


def _find_first(command: CommandLine) -> HubModel | None:
    return next(_name(command), None)


def _name(command: CommandLine) -> Iterator[HubModel]:
    for name in _FLAGS:
        flag = command.flag(name)
        if flag is not None and is_hub_name(flag.value.removeprefix(_SCHEME)):
            model = flag.value.removeprefix(_SCHEME)
            yield HubModel(model, flag.path, f"--{flag.name} is {model}", _is_pinned(command))
    for name in _VARIABLES:
        told = command.environment.get(name)
        if told is not None and is_hub_name(told.text.removeprefix(_SCHEME)):
            model, what = told.text.removeprefix(_SCHEME), f"{name} is a model"
            yield HubModel(model, told.path, what, _is_pinned(command))
    if "vllm" in command.script and "serve" in command.script:
        yield from _positional(command)
    yield from _uri(command)


def _is_pinned(command: CommandLine) -> bool:
    return any(map(command.value, _REVISIONS)) or any(
        name in command.environment for name in _REVISION_VARIABLES
    )


def _positional(command: CommandLine) -> Iterator[HubModel]:
    """The model of ``vllm serve owner/model``."""
    words = command.words
    verbs = [at for at, word in enumerate(words[:-1]) if at and word.text == "serve"]
    for before, (word, path) in ((words[at - 1], words[at + 1]) for at in verbs):
        if before.text.endswith("vllm") and is_hub_name(word):
            yield HubModel(word, path, f"vllm serve is told {word}", _is_pinned(command))


def _uri(command: CommandLine) -> Iterator[HubModel]:
    """A ``storageUri`` of KServe: ``hf://owner/model:revision``."""
    uri = command.container.get("storageUri")
    if not isinstance(uri, str) or not uri.startswith(_SCHEME):
        return
    name, _, revision = uri.removeprefix(_SCHEME).partition(":")
    if is_hub_name(name):
        yield HubModel(
            name, command.container.place("storageUri"), f"storageUri is {uri}", bool(revision)
        )


def is_hub_name(text: str) -> bool:
    """Whether a text is a model's name there, and no path."""
    if is_template(text) or not _NAME.fullmatch(text) or _FILE.search(text):
        return False
    return text.partition("/")[0].lower() not in _FOLDERS
