"""The user's own kustomize and Helm, which build what is judged. Nothing is built here."""

import subprocess
from collections.abc import Sequence
from shutil import which
from tempfile import TemporaryFile

from linter.errors import UserError
from linter.input.sources import SIZE_LIMIT

_BUILDERS = (("kustomize", "build"), ("kubectl", "kustomize"))
"""Programs that build a kustomization, and their word for it, the one that is newer as a rule
first."""
_MOST_LINES = 5
_MOST_SAID = 64 * 1024
"""Bytes of what a program says to a person."""


class RenderingError(Exception):
    """A build that failed; the message is the reason alone."""


def build_kustomization(folder: str) -> bytes:
    """What a folder's kustomization builds. Raises UserError where there is no program for it, and
    RenderingError."""
    for program, word in _BUILDERS:
        found = which(program)
        if found is not None:
            return _run([found, word, _as_operand(folder)], f"{program} {word}")
    raise UserError(
        "mlgate lint: --kustomize needs kustomize or kubectl on the PATH, and neither is there: "
        "install one of them (https://kubectl.docs.kubernetes.io/installation/kustomize), or judge "
        "a build that was made elsewhere: mlgate lint build.yaml"
    )


def render_chart(chart: str, values: Sequence[str], namespace: str | None) -> bytes:
    """What Helm renders of a chart with files of values. Raises as ``build_kustomization`` does."""
    found = which("helm")
    if found is None:
        raise UserError(
            "mlgate lint: --helm needs helm on the PATH, and it is not there: install it "
            "(https://helm.sh/docs/intro/install), or judge what was rendered elsewhere: "
            "mlgate lint rendered.yaml"
        )
    words = [found, "template", _as_operand(chart)]
    words += [f"--values={file}" for file in values]
    words += [f"--namespace={namespace}"] if namespace else []
    return _run(words, "helm template")


def _as_operand(name: str) -> str:
    """A name that no program takes for an option."""
    return f"./{name}" if name.startswith("-") else name


def _run(words: list[str], name: str) -> bytes:
    """What a program prints. Raises RenderingError, for more than a file may hold as well."""
    with TemporaryFile() as said:
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, and the program is the user's own
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
        except OSError as error:
            raise RenderingError(f"{name} cannot be run: {error.strerror}") from None
        with process:
            text = process.stdout.read(SIZE_LIMIT + 1) if process.stdout else b""
            if len(text) > SIZE_LIMIT:
                process.kill()
                raise RenderingError(f"{name} gave more than {SIZE_LIMIT:,} bytes (32 MiB)")
        if process.returncode:
            said.seek(max(0, said.tell() - _MOST_SAID))
            reason = _read_complaint(said.read(_MOST_SAID).decode("utf-8", "replace"))
            raise RenderingError(f"{name} failed: {reason or f'exit code {process.returncode}'}")
    return text


def _read_complaint(said: str) -> str:
    """The last message of a program, without the words of kubectl's log around it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("# Warning")][-_MOST_LINES:]
    return "; ".join(_read_log_line(line) for line in told)


def _read_log_line(line: str) -> str:
    """The error in a line of kubectl's log, which quotes it; any other line as it is."""
    quoted = line.partition(' err="')[2].removesuffix('"')
    return quoted.replace('\\"', '"') or line
