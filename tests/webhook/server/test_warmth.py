"""Nothing is imported while a review waits, and no module's regular expression is compiled."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.manifests import read_cases, read_documents
from tests.webhook.bodies import review

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, sys
from rules.lazy_pattern import LazyPattern
from tests.webhook.in_process import InProcessServer

server = InProcessServer()
before, compiled = set(sys.modules), []
compile = LazyPattern.compile
LazyPattern.compile = lambda pattern: compiled.append(pattern._text) or compile(pattern)
for line in open(sys.argv[1]):
    for endpoint in ("validate", "mutate"):
        assert server.post(line.encode(), endpoint).status == 200
print(*sorted(set(sys.modules) - before), *compiled)
"""


def test_reviews_import_and_compile_nothing(tmp_path: Path) -> None:
    bodies = [
        document.value
        for case in read_cases()
        if case.bad and case.whole
        for document in read_documents(case.text)
        if isinstance(document.value, dict) and "kind" in document.value
    ]
    assert len(bodies) > 100
    (tmp_path / "reviews").write_text("".join(f"{json.dumps(review(body))}\n" for body in bodies))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "reviews")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "\n"
