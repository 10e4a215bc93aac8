"""The command: what goes where, and the exit codes, in process and as a process."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import linter
import rules
from linter.cli import main
from linter.commands.outputs import FORMATS
from linter.subcommands import SUBCOMMANDS
from rules import composition
from rules.checks import INDEX

ROOT = Path(linter.__file__).parent.parent

GOOD = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
BAD = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
"""
FIXABLE = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly-retrain}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: Never
          containers: [{name: a, image: trainer, command: [python, train.py]}]
"""


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def call(*argv: str, stdin: str = "") -> Answer:
    out, err = io.StringIO(), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    code = main(list(argv), stdin=given, stdout=out, stderr=err)
    return Answer(code, out.getvalue(), err.getvalue())


def spawn(*argv: str, **known: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "linter", *argv],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **known},
    )


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_findings_go_out_and_the_summary_beside(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    answer = call("lint", "bad.yaml")
    assert answer.code == 1
    assert "deny[HPA001/missing]" in answer.out
    assert "checked" not in answer.out
    assert "checked 1 file, 1 document" in answer.err
    assert "policy: built-in, profile standard\n" in answer.err


def test_without_a_path_the_working_directory_is_walked(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    assert call("lint", "--format", "concise").out.startswith("bad.yaml:")


def test_json_has_everything_inside(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    answer = call("lint", "--format", "json")
    result = json.loads(answer.out)
    assert (result["version"], answer.err) == (1, "")
    assert result["coverage"]["files"] == 1
    assert "workloads" not in result
    assert json.loads(call("lint", "--format", "json", "--show-roles").out)["workloads"] == []


def test_output_goes_to_a_file(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    answer = call("lint", "bad.yaml", "--format", "json", "--output", "report.txt")
    assert (answer.code, answer.out) == (1, "")
    assert json.loads((here / "report.txt").read_text())["findings"]
    answer = call("lint", "bad.yaml", "--output", "no/where.txt")
    assert (answer.code, answer.err) == (
        2,
        "mlgate: cannot write no/where.txt: there is no folder no\n",
    )


def test_standard_input_is_read_once() -> None:
    answer = call("lint", "-", "-", "--format", "concise", stdin=BAD)
    assert answer.code == 1
    assert answer.out.startswith("-:")
    assert answer.out.count("HPA001") == 1


def test_standard_input_can_have_a_name(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "sub/mlgate.yaml").write_text(
        "apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: observe\nexclude: [gen/]\n"
    )
    name = ("--stdin-filename", "sub/a.yaml")
    answer = call("lint", "-", *name, "--format", "json", stdin=BAD)
    (row,) = json.loads(answer.out)["findings"]
    assert (answer.code, row["file"], row["action"]) == (0, "sub/a.yaml", "audit")
    assert call("lint", *name, stdin=BAD).code == 0
    excluded = call("lint", "--stdin-filename", "sub/gen/a.yaml", "--format", "json", stdin=BAD)
    assert excluded.code == 5
    assert json.loads(excluded.out)["coverage"]["skipped"][0]["reason"] == "excluded by the policy"
    assert call("lint", "sub", *name).code == 2


def test_a_kustomization_beside_the_named_input_counts(here: Path) -> None:
    (here / "kustomization.yaml").write_text("patches: [{path: patch.yaml}]\n")
    assert call("lint", "-", "--stdin-filename", "patch.yaml", stdin=BAD).code == 0
    assert call("lint", "-", "--stdin-filename", "other.yaml", stdin=BAD).code == 1


def test_the_five_silent_greens_are_not(here: Path) -> None:
    (here / "empty").mkdir()
    (here / "broken.yaml").write_text("kind: [\n")
    helm = "kind: Job\nmetadata:\n  name: {{ .Values.name }}\n"
    broken, empty = call("lint", "broken.yaml"), call("lint", "empty")
    assert (broken.code, empty.code) == (4, 5)
    assert "broken.yaml:" in broken.out + broken.err
    assert call("lint", "-", stdin=BAD).code == 1
    rendered = call("lint", "-", stdin=helm)
    assert rendered.code == 4
    assert "mlgate lint --helm CHART" in rendered.out + rendered.err
    assert call("lint", "--fail-on", "HIGH").code == 2


def test_a_hook_is_not_stopped_by_what_is_no_manifest(here: Path) -> None:
    (here / "values.yaml").write_text("image: a\n")
    (here / "template.yaml").write_text("a: {{ .Values.image }}\n")
    answer = call("lint", "--hook", "values.yaml", "template.yaml")
    assert answer.code == 0
    assert "skipped 2 documents" in answer.err
    (here / "broken.yaml").write_text("apiVersion: v1\nkind: [\n")
    assert call("lint", "--hook", "broken.yaml").code == 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tsconfig.json", '{\n  // for the build\n  "compilerOptions": {},\n}\n'),
        ("launch.json", '{ /* a comment */ "version": "0.2.0" "configurations": [] }'),
        ("spec.yaml", "%YAML 1.2\n---\na: 1\n"),
        ("broken.yaml", "a: [\n"),
        ("values.yaml", "kind: {\n"),
        ("notebook.ipynb", '{"text": "apiVersion kind \x7f"}'),
        ("latin.json", '{"city": "K\xf6ln"}'),
    ],
)
def test_a_hook_passes_over_what_cannot_be_read_and_names_no_object(
    here: Path, name: str, text: str
) -> None:
    (here / name).write_text(text, encoding="latin-1")
    hooked = call("lint", "--hook", name)
    assert (hooked.code, hooked.out) == (0, "")
    assert "skipped 1 document (1 not a Kubernetes manifest)" in hooked.err
    assert call("lint", name).code == 4


def test_a_walk_fails_on_what_cannot_be_read_and_finds_nothing_in_it(here: Path) -> None:
    (here / "values.yaml").write_text("a: [\n")
    walked = call("lint", "--format", "json", ".")
    report = json.loads(walked.out)
    assert (walked.code, report["findings"]) == (4, [])
    assert report["errors"][0]["reason"] == "the [ opened here is never closed"


def test_a_walk_and_a_hook_say_the_same_of_every_file(here: Path) -> None:
    (here / ".gitignore").write_text("build/\n")
    names = ["a.yaml", "sub/b.yaml", ".github/c.yaml", "vendor/d.yaml", "build/e.yaml"]
    for name in names:
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(BAD)
    walked = json.loads(call("lint", "--format", "json", ".").out)
    hooked = json.loads(call("lint", "--format", "json", "--hook", *names).out)
    assert {row["file"] for row in walked["findings"]} == {"a.yaml", "sub/b.yaml"}
    assert hooked["findings"] == walked["findings"]
    assert [(row["file"], row["reason"]) for row in hooked["coverage"]["skipped"]] == [
        (name, "left out as in a walk: hidden, vendored or ignored by git")
        for name in sorted(names[2:])
    ]


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n"])
def test_an_empty_file_that_was_named_is_told_by_name(here: Path, text: str) -> None:
    (here / "empty.yaml").write_text(text)
    (here / "bad.yaml").write_text(BAD + "---\n# nothing\n")
    assert "empty.yaml is empty" in call("lint", "empty.yaml", "bad.yaml").err
    assert call("lint", "empty.yaml").code == 5
    assert "standard input is empty" in call("lint", "-", stdin=text).err
    for paths in ((".",), ("--hook", "empty.yaml")):
        assert "is empty" not in call("lint", *paths).err


def test_the_policy_decides_and_flags_win(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    (here / "mlgate.yaml").write_text(
        "apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {HPA001: warn}\n"
    )
    assert call("lint", "--fail-on", "deny").code == 0
    assert call("lint", "--fail-on", "deny", "--profile", "standard").code == 1
    (here / "other.yaml").write_text(
        "apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {HPA0001: warn}\n"
    )
    assert call("lint", "-", stdin=GOOD).err.endswith("policy: mlgate.yaml, profile standard\n")
    answer = call("lint", "--policy", "other.yaml")
    assert answer.code == 2
    assert "did you mean 'HPA001'" in answer.err


def test_rules_can_be_selected(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    assert call("lint", "--select", "TRN").code == 0
    assert call("lint", "--select", "HPA").code == 1
    assert call("lint", "--ignore", "HPA001").code == 0
    answer = call("lint", "--ignore", "HPA0001")
    assert (answer.code, answer.out) == (2, "")
    assert "did you mean 'HPA001'" in answer.err


@pytest.mark.parametrize(
    "argv",
    [
        ("lint", "--nonsense"),
        ("lint", "--jobs", "0"),
        ("lint", "--jobs", "many"),
        ("lint", "--format", "xml"),
        ("lint", "--form", "json"),
        ("lint", "--policy", "absent.yaml"),
        ("lnit",),
        ("--nonsense",),
        (),
    ],
)
def test_wrong_usage_is_2_and_says_why(argv: tuple[str, ...]) -> None:
    answer = call(*argv)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err


@pytest.mark.parametrize(
    "argv", [("lint", ""), ("lint", "--policy", "", "."), ("scan", "--policy", "")]
)
def test_an_empty_name_is_a_mistake(argv: tuple[str, ...]) -> None:
    """As a variable that is not set leaves it: neither everything nor nothing is meant."""
    answer = call(*argv)
    assert (answer.code, answer.out) == (2, "")
    assert "empty" in answer.err


def test_a_policy_that_switches_all_off_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hpa.yaml").write_text(BAD)
    (tmp_path / "mlgate.yaml").write_text(
        "apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {HPA001: off}\n"
    )
    words = ", which switches off every rule that was to run\n"
    assert call("lint", "--select", "HPA001", "hpa.yaml").err.endswith(words)
    for argv in (("--select", "HPA001,HPA002"), ("--select", "HPA001", "--profile", "standard")):
        assert words not in call("lint", *argv, "hpa.yaml").err


def test_a_path_that_is_not_there_is_4() -> None:
    answer = call("lint", "absent.yaml")
    assert answer.code == 4
    assert "absent.yaml: no such file or folder" in answer.out + answer.err


def test_the_version_is_printed() -> None:
    assert call("--version") == (0, f"mlgate {rules.VERSION}\n", "")


def test_a_verbose_version_names_the_reader() -> None:
    version, reader, python = spawn("--version", "-v", MLGATE_READER="pure").stdout.splitlines()
    assert version == f"mlgate {rules.VERSION}"
    assert reader.startswith("reader pure (")
    assert python == f"python {sys.version.split()[0]}"


def test_a_reader_that_is_not_there_is_wrong_usage() -> None:
    done = spawn("--version", MLGATE_READER="quick")
    assert done.returncode == 2
    assert done.stderr.startswith("mlgate: MLGATE_READER is quick; ")
    assert "pure" in done.stderr


def test_help_fits_a_narrow_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns, widest in ((0, 100), (72, 72), (100, 100), (300, 100)):
        size = os.terminal_size((columns, 24))
        monkeypatch.setattr(os, "get_terminal_size", lambda _fd, size=size: size)
        assert main(["lint", "--help"]) == 0
        options = capfd.readouterr().out.partition("\nexamples:")[0]
        assert widest - 10 < max(map(len, options.splitlines())) <= widest


def test_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listing = capsys.readouterr().out
    assert all(f"  {name} " in listing for name in SUBCOMMANDS)
    for name in SUBCOMMANDS:
        assert main([name, "--help"]) == 0
    assert "--stdin-filename" in capsys.readouterr().out


def test_a_stranger_s_rules_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "DISTRIBUTION", "other")
    answer = call("lint")
    assert answer.code == 2
    assert "is not mlgate's" in answer.err


def test_a_process_ends_with_the_code_and_no_lost_output(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    done = spawn("lint", "--format", "concise")
    assert (done.returncode, done.stdout.count("HPA001")) == (1, 1)
    assert spawn("lint", "absent").returncode == 4
    assert spawn("--version").stdout == f"mlgate {rules.VERSION}\n"


def test_a_crash_is_3(here: Path) -> None:
    (here / "sitecustomize.py").write_text(
        "import linter.judging.run\nlinter.judging.run.lint = None\n"
    )
    done = spawn("lint", PYTHONPATH=f"{here}:{ROOT}")
    assert done.returncode == 3
    assert "TypeError" in done.stderr


def test_a_closed_pipe_is_no_crash(here: Path) -> None:
    for number in range(300):
        (here / f"{number}.yaml").write_text(BAD)
    lint = f"{sys.executable} -m linter lint --format concise 2>err.txt"
    command = f"{lint} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    first, code = done.stdout.splitlines()
    assert "HPA001" in first
    assert code in ("141", "1")
    assert "Traceback" not in (here / "err.txt").read_text()


REVIEW = json.dumps({
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "request": {
        "uid": "u", "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},
    },
})  # fmt: skip


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run ``mlgate`` with the arguments and redirections of ``line``."""
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} -m linter {line}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(
    "command",
    [
        *(f"lint bad.yaml --format {name}" for name in FORMATS),
        "lint bad.yaml --diff",
        "lint --help",
        "explain TRN001",
        "rules --format json",
        "policy check",
        "policy show",
        "policy show --help",
        "review review.json",
        "--help",
        "--version",
    ],
)
def test_output_that_cannot_be_written_is_told_in_a_line(here: Path, command: str) -> None:
    (here / "bad.yaml").write_text(FIXABLE)
    (here / "mlgate.yaml").write_text("apiVersion: mlgate.dev/v1\nkind: Policy\n")
    (here / "review.json").write_text(REVIEW)
    full = shell(f"{command} >/dev/full")
    assert full.stderr == "mlgate: cannot write: No space left on device\n"
    assert full.returncode == 2
    closed = shell(f"{command} >&-")
    assert closed.stderr == "mlgate: cannot write: Bad file descriptor\n"
    assert closed.returncode == 2


def test_a_report_in_a_file_needs_no_standard_output(here: Path) -> None:
    (here / "bad.yaml").write_text(BAD)
    done = shell("lint bad.yaml --output report.txt >&-")
    assert done.returncode == 1
    assert "HPA001" in (here / "report.txt").read_text()
    assert "1 finding" in done.stderr


@pytest.mark.parametrize(("redirection", "code"), [("2>/dev/full", 2), ("2>&-", 1)])
def test_standard_error_may_be_closed_but_not_full(here: Path, redirection: str, code: int) -> None:
    (here / "bad.yaml").write_text(BAD)
    done = shell(f"lint bad.yaml {redirection}")
    assert (done.returncode, done.stderr) == (code, "")
    assert "HPA001" in done.stdout


def test_a_working_directory_that_was_removed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    done = call("lint", str(tmp_path))
    told = "mlgate: the working directory cannot be read: No such file or directory\n"
    assert (done.code, done.err) == (2, told)


def test_closed_standard_input_cannot_be_read() -> None:
    done = shell("lint - <&-")
    assert (done.returncode, done.stdout) == (4, "error: -: bad file descriptor\n\n")


def imports_of(text: str) -> set[str]:
    """The modules that a run over one file imports, which has findings that can be fixed."""
    Path("a.yaml").write_text(text)
    program = (
        "import sys; before = set(sys.modules); from linter.cli import main;"
        "code = main(['lint', '--output=out', 'a.yaml']);"
        "print(*sorted(set(sys.modules) - before)); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert "fixable with --fix" in done.stderr
    return set(done.stdout.split())


@pytest.mark.usefixtures("here")
def test_lint_of_one_file_imports_little() -> None:
    costly = {"dataclasses", "difflib", "inspect", "json", "logging", "pathlib", "ruamel"}
    costly |= {"subprocess", "tempfile", "tomllib", "importlib.metadata", "linter.mending.fix"}
    costly |= {"linter.row_types"}
    costly |= {"importlib", "warnings", "bisect", "__future__"}
    costly |= {"argparse", "gettext", "locale", "typing", "contextlib"}
    costly |= {"linter.judging.workers", "linter.input.kustomization", "linter.input.gitignore"}
    costly |= {"rules.patches", "rules.serving", "rules.kinds.jobset", "rules.kinds.kubeflow"}
    costly |= {"rules.caches", "rules.dependencies", "rules.rendezvous", "rules.selectors"}
    costly |= {"rules.kinds.named_objects", "rules.shared_memory"}
    if composition.reader == "compiled":
        costly.add("datetime")  # which PyYAML imports
    assert costly.isdisjoint(imports_of(FIXABLE))


@pytest.mark.usefixtures("here")
def test_lint_of_one_file_imports_few_modules() -> None:
    """Each takes a quarter of a millisecond. A rule that looks at such an object brings more, with
    what it asks; whoever adds to the others sees whether a run could do without."""
    imported = imports_of(FIXABLE)
    most = {"linter": 46, "rules.kinds": 26, "rules.policy": 9, "rules.roles": 14}
    for package, number in most.items():
        found = sorted(one for one in imported if one.startswith(f"{package}."))
        assert len(found) <= number, found


@pytest.mark.usefixtures("here")
def test_lint_imports_the_rules_that_look_at_an_object() -> None:
    modules = {f"rules.checks.{one.module}": one for one in INDEX}
    imported = {modules[name].code for name in modules.keys() & imports_of(FIXABLE)}
    assert {"CRN001", "TRN002"} <= imported
    assert {"HPA001", "SRV001", "MLG001"}.isdisjoint(imported)


@pytest.mark.usefixtures("here")
def test_a_policy_has_the_rules_imported_that_it_names() -> None:
    stated = "rules: {SRV001: warn, HPA003: {gpu_metric_hints: {}}}"
    Path("mlgate.yaml").write_text(f"apiVersion: mlgate.dev/v1\nkind: Policy\n{stated}\n")
    found = imports_of(FIXABLE)
    assert "rules.checks.serving.slow_model_startup_probe" in found
    assert "rules.checks.serving.startup_budget_sufficient" not in found
