"""Another policy tried out on what the last scan saw: judged again, and held against it."""

import marshal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from linter.dashboard.answers import PolicyChoice, Simulation, SimulationReport
from linter.dashboard.changes import report_changes
from linter.dashboard.cluster_scan import SeenCluster
from linter.dashboard.side_process import call_aside, tell_crash
from linter.dashboard.view import ScanView
from linter.errors import UserError
from linter.judging.task import Task
from rules.model import Action

_KEPT = 8
"""Simulations that are remembered."""


class SimulatorBusyError(Exception):
    """One simulation is going on: judging a cluster takes all of a processor."""


def judge_aside(seen: SeenCluster, task: Task, rows: bytes) -> SimulationReport:
    """``judge_seen`` in a process of its own."""
    return call_aside(judge_seen, seen, task, rows)


def judge_seen(seen: SeenCluster, task: Task, rows: bytes) -> SimulationReport:
    """What a task would find in what was seen, against the findings of a ``ScanView``."""
    return report_changes(marshal.loads(rows), seen.judge(task)["findings"])  # noqa: S302 - our own


class Simulator:
    """Has ``compare`` judge, one simulation at a time, and remembers the last ones."""

    def __init__(
        self, compare: Callable[[SeenCluster, Task, bytes], SimulationReport] = judge_aside
    ) -> None:
        self._compare = compare
        self._kept: OrderedDict[int, Simulation] = OrderedDict()
        self._lock = threading.Lock()
        self._running = False
        self._number = 0

    def start(self, view: ScanView, choice: PolicyChoice) -> Simulation:
        """Begin to try out a policy. Raises UserError for one that cannot be, and
        SimulatorBusyError."""
        task = change_task(view.task, choice)
        with self._lock:
            if self._running:
                raise SimulatorBusyError
            self._running = True
            self._number += 1
            begun = Simulation(
                number=self._number, state="running", scan=view.number, choice=choice
            )
            self._keep(begun)
        work = threading.Thread(
            target=self._work, args=(begun, view, task), name="simulation", daemon=True
        )
        work.start()
        return begun

    def find(self, number: int) -> Simulation | None:
        """A simulation; None for one that is forgotten, or never was."""
        with self._lock:
            return self._kept.get(number)

    def _work(self, begun: Simulation, view: ScanView, task: Task) -> None:
        start = time.monotonic()
        try:
            report = self._compare(view.seen, task, view.rows)
            done = begun.model_copy(update={"state": "done", "report": report})
        except Exception as crash:  # noqa: BLE001 - whoever waits for it is told
            reason = f"the simulation crashed: {tell_crash(crash)}; please report it"
            done = begun.model_copy(update={"state": "failed", "reason": reason})
        seconds = round(time.monotonic() - start, 3)
        with self._lock:
            self._running = False
            self._keep(done.model_copy(update={"seconds": seconds}))

    def _keep(self, one: Simulation) -> None:
        self._kept[one.number] = one
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def change_task(task: Task, choice: PolicyChoice) -> Task:
    """The task with the policy that is chosen. Raises UserError."""
    if choice.profile is None and not choice.rules:
        raise UserError("nothing is chosen: give a profile, or the action of a rule")
    if task.flag_profile is not None and choice.rules:
        raise UserError(
            f"--profile {task.flag_profile} wins over the actions of rules: start the dashboard "
            "without it to try them out"
        )
    rules = {_read_rule(name): Action(action) for name, action in choice.rules.items()}
    if task.flag_profile is not None:
        return task._replace(flag_profile=choice.profile)
    return task._replace(policy=task.policy.choose(choice.profile, rules))


def _read_rule(word: str) -> str:
    """``TRN001`` or ``TRN001/batch``, as a policy has it. Raises UserError."""
    from rules.checks import INDEX
    from rules.wording import suggestion

    known = {name for rule in INDEX for name in (rule.code, *rule.forms)}
    if word not in known:
        raise UserError(f"there is no rule {word[:100]}{suggestion(word[:100], tuple(known))}")
    return word
