"""The image without a container engine: the steps of its build are done in a folder of this
machine's, and its entry point is run by its user, without a capability, on a read-only root.

What the base image would bring is this machine's own: /usr/bin/python3, a compiler, libyaml.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import free_port

pytestmark = pytest.mark.load

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy/docker/Dockerfile").read_text()
PYTHON = "/usr/bin/python3"
MOST = 75
"""MiB, so that all of it stays below 200: the base image has about 120."""

_STEP = re.compile(r"^(RUN|COPY) ((?:.*\\\n)*.*)$", re.MULTILINE)

PREPARE = """
set -euo pipefail
mount -t tmpfs tmpfs /opt
mkdir /opt/src && cd /opt/src
/usr/bin/python3 -m venv --without-pip /opt/builder
"$PIP" --python /opt/builder/bin/python install --quiet pip
export PATH=/opt/builder/bin:/usr/bin:/bin PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1
"""

RUN = """
cd /
rm -rf /opt/builder /opt/src
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 \
  -subj /CN=localhost -keyout /opt/tls.key -out /opt/tls.crt 2>/dev/null
chmod 644 /opt/tls.key
echo "MiB: $(du -sm /opt/mlgate | cut -f1)"
du -sm /opt/mlgate/lib/python*/site-packages/* | sort -rn | head -12
mount -t tmpfs -o ro tmpfs /tmp
mount -o remount,ro,bind /opt
mount -o remount,ro,bind /
exec setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs --bounding-set=-all \
  env -i PATH=/opt/mlgate/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 \
  PORT=$PORT PROBES=$PROBES bash -euc '
echo "user: $(id -u)"
if touch /opt/mlgate/new 2>/dev/null; then echo "the root can be written"; exit 1; fi
if touch /tmp/new 2>/dev/null; then echo "/tmp can be written"; exit 1; fi
if python -m pip --version 2>/dev/null; then echo "pip is there"; exit 1; fi
MLGATE_READER=compiled mlgate --version --verbose
printf "apiVersion: v1\\nkind: Pod\\nmetadata: {name: a}\\nspec: {}\\n" | mlgate lint -
mlgate serve --no-cluster --tls-cert=/opt/tls.crt --tls-key=/opt/tls.key --host=127.0.0.1 \
  --port=$PORT --metrics-port=$PROBES --shutdown-delay=0 & server=$!
for _ in $(seq 300); do curl -sf http://127.0.0.1:$PROBES/readyz && break; sleep 0.2; done
kill $server
wait $server
echo "it served, and ended"
'
"""


def list_steps() -> Iterator[str]:
    """The steps of the first stage, as lines of a shell script in the folder of the source."""
    stage, *_ = DOCKERFILE.split("\nFROM ")[1:]
    for kind, text in _STEP.findall(stage):
        if kind == "RUN" and "apt-get" not in text:
            yield f"{text.replace('python -m venv', f'{PYTHON} -m venv')} || exit 1"
        elif kind == "COPY":
            *sources, target = text.split()
            yield f"cp -r {' '.join(str(ROOT / one) for one in sources)} {target}"


@pytest.mark.skipif(os.getuid() != 0, reason="only root may make a mount namespace")
def test_the_image_runs_read_only_as_nobody(tmp_path: Path) -> None:
    pip = shutil.which("pip", path=str(Path(sys.executable).parent))
    assert pip is not None
    outside = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", "\n".join([PREPARE, *list_steps(), RUN])],
        env={**outside, "PIP": pip, "PORT": str(free_port()), "PROBES": str(free_port())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "user: 65532" in done.stdout
    assert "reader compiled" in done.stdout
    assert "it served, and ended" in done.stdout
    (size,) = re.findall(r"MiB: (\d+)", done.stdout)
    assert int(size) < MOST
