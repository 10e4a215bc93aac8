"""What reviews notice of faults: 200 a second while files, processes and clients misbehave.

A review that was sent and not answered with 200 in time is a failure. LOAD_SECONDS says for how
long each fault lasts.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.load.attacks import ATTACKS, open_socket
from tests.load.clients import THREADS, SteadyLoad
from tests.webhook.in_process import POLICY
from tests.webhook.processes import Pairs, Served, serve

pytestmark = pytest.mark.load

SECONDS = float(os.environ.get("LOAD_SECONDS", "10"))
HELD = 64
BASE = Path(__file__).parents[2] / "deploy/base/deployment.yaml"
ENDS = ("--shutdown-delay", "3", "--grace", "10")


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    found = Pairs(tmp_path)
    found.write(found.issue())
    return found


def check(load: SteadyLoad, allowed: int = 0) -> None:
    """No more than so many requests have failed."""
    print(load.tally)
    assert load.tally.failures.total() <= allowed, load.tally


def test_without_a_fault_none_fails(pairs: Pairs) -> None:
    with serve(pairs, *ENDS) as served, SteadyLoad(served) as load:
        time.sleep(SECONDS)
    check(load)


def test_certificates_that_change_every_second_break_none(pairs: Pairs) -> None:
    """A new pair, certificate first and key after it."""
    with serve(pairs, *ENDS) as served, SteadyLoad(served) as load:
        for _ in range(int(SECONDS)):
            pairs.write(pairs.issue())
            time.sleep(1)
        assert _count(served, "cert_reload", "true") >= 1
    check(load)


def test_a_policy_that_is_broken_mended_and_swapped_breaks_none(
    pairs: Pairs, tmp_path: Path
) -> None:
    """Swapped as kubelet swaps a ConfigMap."""
    policy = tmp_path / "mlgate.yaml"
    _publish(tmp_path, "0", "profile: standard\n")
    policy.symlink_to("..data/mlgate.yaml")
    texts = ("profile: [", "profile: observe\n", "rules: {TRN999: deny}\n", "profile: strict\n")
    with serve(pairs, *ENDS, "--policy", str(policy)) as served, SteadyLoad(served) as load:
        for number in range(1, int(SECONDS)):
            _publish(tmp_path, str(number), texts[number % len(texts)])
            time.sleep(1)
        taken, refused = (_count(served, "config_reload", ok) for ok in ("true", "false"))
        assert taken >= 1
        assert refused >= 1
    check(load)


def _count(served: Served, name: str, ok: str) -> int:
    return int(served.sample(f'mlgate_{name}_total{{ok="{ok}"}}'))


def _publish(folder: Path, name: str, text: str) -> None:
    version = folder / f"..{name}"
    version.mkdir()
    (version / "mlgate.yaml").write_text(POLICY + text)
    (folder / "next").symlink_to(version.name)
    (folder / "next").rename(folder / "..data")


def test_sigterm_to_one_of_two_breaks_none(pairs: Pairs) -> None:
    """It goes on for the shutdown delay, asks its clients to go, and closes."""
    with _two(pairs) as (first, second), SteadyLoad(first, second) as load:
        time.sleep(2)
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(timeout=15) == 0
        time.sleep(SECONDS / 4)
    check(load)


def test_sigkill_of_one_of_two_breaks_only_what_it_was_answering(pairs: Pairs) -> None:
    with _two(pairs) as (first, second), SteadyLoad(first, second) as load:
        time.sleep(2)
        first.process.kill()
        time.sleep(SECONDS / 2)
    check(load, allowed=THREADS)


@contextlib.contextmanager
def _two(pairs: Pairs) -> Iterator[tuple[Served, Served]]:
    with serve(pairs, *ENDS) as first, serve(pairs, *ENDS) as second:
        yield first, second


def test_silent_clients_of_the_probes_hold_up_no_kubelet(pairs: Pairs) -> None:
    with serve(pairs, *ENDS) as served, ExitStack() as stack:
        for _ in range(HELD):
            stack.enter_context(open_socket(served.metrics_port))
        time.sleep(1)
        assert served.get("/healthz")[0] == 200


@pytest.mark.parametrize("attack", ATTACKS)
def test_strangers_break_none_and_stay_below_the_limit(attack: str, pairs: Pairs) -> None:
    """At full strength, by a stranger whom nothing keeps away: no token, no NetworkPolicy."""
    with serve(pairs, *ENDS) as served:
        command = [sys.executable, "-m", "tests.load.attacks", attack]
        command += [str(served.port), str(served.metrics_port), str(SECONDS)]
        with subprocess.Popen(command) as process, SteadyLoad(served) as load:
            slowest = _probe(served, process)
        peak = _read_peak(served)
    print(f"memory up to {peak:.0f} of {_read_limit()} MiB, slowest probe {slowest * 1000:.0f} ms")
    assert process.returncode == 0
    assert peak < _read_limit()
    check(load)


def _probe(served: Served, process: "subprocess.Popen[bytes]") -> float:
    """Ask as a kubelet does while a process runs; the longest that an answer took."""
    slowest = 0.0
    while process.poll() is None:
        start = time.monotonic()
        assert served.get("/healthz")[0] == 200
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.5)
    return slowest


def _read_limit() -> int:
    """The memory limit of the base, in MiB."""
    found = re.search(r"limits:\n +memory: (\d+)Mi", BASE.read_text())
    assert found is not None
    return int(found[1])


def _read_peak(served: Served) -> float:
    """The most memory that a server has had so far, in MiB."""
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return float(found[1]) / 1024
