"""Code that comes with a model, and what lets it run."""

import re
from collections.abc import Iterable, Iterator, Mapping

from rules.commands import CommandLine
from rules.globs import fits_glob
from rules.manifest import is_template
from rules.paths import Path, shorten
from rules.record import NamedTuple

_MODEL = (
    *("--model", "--model-id", "--model-path", "--model-name-or-path", "--model-dir"),
    *("MODEL_ID", "HF_MODEL_ID", "MODEL", "MODEL_NAME", "MODEL_PATH"),
)
_OFF = frozenset({"", "0", "false", "no", "off", "none"})
_COMMIT = r"[0-9a-f]{7,64}"
_PICKLES: Mapping[str, str] = {
    "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "torch.load unpickles whatever a checkpoint holds",
    "VLLM_ALLOW_INSECURE_SERIALIZATION": "vLLM unpickles what it is sent",
}
"""Variables that turn a safe reader off, and what they do: pytorch ``torch/serialization.py``, vllm
``vllm/envs.py``."""
_TOKENS = ("notebookapp.token", "serverapp.token", "identityprovider.token")
"""Jupyter's token, in small letters; an empty one lets everybody in (jupyter_server
``auth/identity.py``)."""


class CodeSource(NamedTuple):
    """What lets code run that comes from elsewhere: where, what stands there, and what it does."""

    path: Path
    found: str
    does: str
    named: bool = True
    """It is known whose code that is: a model in a folder is somebody's, and so is ``$MODEL``."""


def find_remote_code(command: CommandLine, trusted: Iterable[str]) -> Iterator[CodeSource]:
    """What lets a model's own code run, unless the model is one of ``trusted`` (globs), at a commit
    that cannot change."""
    switch = _find_trust(command)
    if switch is not None:
        model = read_model(command)
        pinned = re.fullmatch(_COMMIT, command.value("revision") or "") is not None
        if not (pinned and any(fits_glob(model, known) for known in trusted)):
            name, path = switch
            does = "Python code of the model's repository runs with the pod's rights"
            named = bool(model) and not model.startswith("/") and not is_template(model)
            yield CodeSource(path, f"{shorten(name)} is set", does, named)


def find_pickles(command: CommandLine) -> Iterator[CodeSource]:
    """What lets a file run code while it is read."""
    for name, does in _PICKLES.items():
        known = command.environment.get(name)
        if known is not None and _is_on(known.text):
            yield CodeSource(known.path, f"{name} is set", does)
    flag = command.flag("weights-only")
    if flag is not None and _plain(flag.value) == "false":
        does = "torch.load unpickles whatever a checkpoint holds"
        yield CodeSource(flag.path, f"{shorten(flag.name)} is False", does)


def find_open_notebook(command: CommandLine) -> CodeSource | None:
    """The flag or variable that turns off a notebook's token."""
    flag = command.flag(*_TOKENS)
    if flag is None or _plain(flag.value):
        return None
    return CodeSource(
        flag.path, f"{flag.name} is empty", "the notebook runs whatever anybody types into it"
    )


def read_model(command: CommandLine) -> str:
    """The model that a server or trainer is given; empty if it is not known."""
    uri = command.container.get("storageUri")
    words = [word for word, _ in command.words]
    served = words[words.index("serve") + 1 :][:1] if "serve" in words else []
    named = [one for one in served if not one.startswith("-")]
    told = command.setting(*_MODEL) or next(iter(named), "")
    return uri if isinstance(uri, str) and (not told or told.startswith("/")) else told


def _find_trust(command: CommandLine) -> tuple[str, Path] | None:
    flag = command.flag("trust-remote-code")
    if flag is not None and (not flag.value or _is_on(flag.value)):
        return flag.name, flag.path
    for name, known in command.environment.items():
        if name.endswith("TRUST_REMOTE_CODE") and _is_on(known.text):
            return name, known.path
    return None


def _is_on(text: str) -> bool:
    return _plain(text) not in _OFF


def _plain(text: str) -> str:
    return text[:64].strip(" '\",;)]}").lower()
