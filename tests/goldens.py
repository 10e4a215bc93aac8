"""What ``mlgate lint`` makes of the bad cases, kept beside them.

``python -m tests.goldens`` (``make goldens``) writes it anew; the difference is for a person to
read.
"""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from linter.cli import main
from rules.model import Finding
from tests.admission import admit, surround
from tests.api_server import Way, present
from tests.manifests import CASES, Case, read_documents, read_every_case

_JUDGED = {0, 1, 4}
"""Exit codes of a run that came to its end: clean, with findings, with something unreadable."""


class Run:
    """``mlgate lint`` in a folder that holds a text and the policy it is judged under.

    A kustomization has its own name there, and ``beside`` it the folders of another.
    """

    def __init__(
        self, name: str, text: str, policy: str, *flags: str, beside: Path | None = None
    ) -> None:
        self.text = text
        self._name = name
        self._policy = policy
        self._flags = flags
        self._beside = beside

    def report(self) -> str:
        return self._lint()[0]

    def rows(self) -> list[dict[str, Any]]:
        """The findings, as ``--format json`` has them."""
        rows: list[dict[str, Any]] = json.loads(self._lint("--format", "json")[0])["findings"]
        return rows

    def fix(self, *flags: str) -> str:
        """The text after ``--fix``."""
        return self._lint("--fix", *flags)[1]

    def difference(self) -> str:
        """What ``--fix --unsafe-fixes`` would change, as a unified diff."""
        return self._lint("--diff", "--unsafe-fixes")[0]

    def _lint(self, *flags: str) -> tuple[str, str]:
        return _lint(self._name, self.text, self._policy, (*self._flags, *flags), self._beside)


@cache
def _lint(
    name: str, text: str, policy: str, flags: tuple[str, ...], beside: Path | None
) -> tuple[str, str]:
    """Standard output, and the text afterwards."""
    out, err = io.StringIO(), io.StringIO()
    with TemporaryDirectory() as folder, chdir(folder):
        manifest = Path(name)
        manifest.write_text(text)
        for inner in beside.iterdir() if beside is not None else ():
            if inner.is_dir():
                copytree(inner, inner.name)
        Path("mlgate.yaml").write_text(policy)
        code = main(["lint", "--show-audit", *flags, name], stdout=out, stderr=err)
        assert code in _JUDGED, err.getvalue()
        return out.getvalue(), manifest.read_text()


def run(case: Case, text: str | None = None) -> Run:
    """The run over a case, or over a text that came of it."""
    flags = ("--complete",) if case.complete else ()
    text = case.text if text is None else text
    if case.kustomized:
        beside = case.path.parent
        return Run("kustomization.yaml", text, case.policy_text, *flags, beside=beside)
    return Run(case.path.name, text, case.policy_text, *flags)


def outputs(cases: Iterable[Case]) -> dict[Path, str]:
    """Every golden file of ``cases`` with the text that it should have."""
    texts = {}
    for case in cases:
        if case.bad:
            texts[case.report] = render(case)
        fixed = run(case).fix()
        if fixed != case.text:
            texts[case.fixed] = fixed
    return texts


def render(case: Case) -> str:
    """The report on a case, how its findings are recognised in another run, what its unsafe fixes
    change (``.fixed.yaml`` shows the safe), and what is found in other words once the API server
    has written its defaults."""
    report = "\n".join([f"{run(case).report()}fingerprints:", *_marks(case), "\n"])
    if any(row["fix"] and row["fix"]["safety"] == "unsafe" for row in run(case).rows()):
        report += f"$ mlgate lint --diff --unsafe-fixes\n{run(case).difference()}\n"
    created = find_created(case) if case.whole else []
    known = {row["message"] for row in run(case).rows()}
    others = [_headline(finding) for finding in created if finding.message not in known]
    if others:
        report += "\n".join(["$ kubectl create", *others, ""])
    return report.rstrip("\n") + "\n"


def _marks(case: Case) -> Iterator[str]:
    """Each finding's fingerprint, and the paths of the places that it speaks of besides."""
    for row in run(case).rows():
        yield row["fingerprint"]
        # A place in another object has no part in the ratchet.
        near = (related for related in row["related"] if "object" not in related)
        yield from (f"  beside {related['path']}" for related in near)


def find_created(case: Case) -> list[Finding]:
    """What the webhook finds in a case's objects if they come by ``kubectl create``, which leaves
    no trace of who wrote what."""
    bodies = [present(document.value, Way.CREATE) for document in read_documents(case.text)]
    known = surround(bodies, case.policy, complete=case.complete)
    return [finding for body in bodies for finding in admit(body, known).findings]


def _headline(finding: Finding) -> str:
    return f"{finding.action}[{finding.rule}/{finding.form}]: {finding.message}"


def stored() -> set[Path]:
    return {*CASES.glob("*/*.txt"), *CASES.glob("*/*.fixed.yaml")}


def write() -> None:
    wanted = outputs(read_every_case())
    for path in stored() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)


if __name__ == "__main__":
    write()
