"""What holds for all tests."""

import os

from hypothesis import HealthCheck, settings

from linter.cli import choose_reader

# A run of the tests in somebody's CI is no run of the linter in it.
for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(name, None)

choose_reader()  # MLGATE_READER holds for what is tested in process as for what is spawned

settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")  # a busy machine is no reason to fail
