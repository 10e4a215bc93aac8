"""The JSON API: all that the pages show, for programs."""

from functools import cache
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, HTTPException, Query, Response

from linter.dashboard.answers import (
    BoardStatus,
    FindingGroup,
    FindingPage,
    FindingQuery,
    GroupName,
    PolicyChoice,
    ProblemDetail,
    RuleEntry,
    RulePage,
    ScanSummary,
    Simulation,
)
from linter.dashboard.board import KEPT, Board
from linter.dashboard.rule_answers import RuleAnswers, answer_rules
from linter.dashboard.shield import SIMULATIONS
from linter.dashboard.simulator import Simulator, SimulatorBusyError
from linter.dashboard.view import ScanView
from linter.errors import UserError

Responses: TypeAlias = dict[int | str, dict[str, Any]]

_PREFIX = "/api/v1"
_FEW_SECONDS = {"Retry-After": "5"}
_NO_SCAN: Responses = {
    503: {"model": ProblemDetail, "description": "No scan has ended yet."},
}
_MISSING: Responses = {404: {"model": ProblemDetail, "description": "There is none."}}


def make_api(board: Board, simulator: Simulator) -> APIRouter:
    """The routes below ``/api/v1``."""
    api = APIRouter(prefix=_PREFIX)
    _add_scans(api, board)
    _add_findings(api, board)
    _add_rules(api, board)
    _add_simulations(api, board, simulator)
    return api


def _add_scans(api: APIRouter, board: Board) -> None:
    @api.get("/status")
    async def status() -> BoardStatus:
        """How fresh what is shown is, and what was counted."""
        return board.describe()

    @api.get("/history")
    async def history(limit: Annotated[int, Query(ge=1, le=KEPT)] = 100) -> list[ScanSummary]:
        """The last scans, the oldest first."""
        return board.list_history()[-limit:]


def _add_findings(api: APIRouter, board: Board) -> None:
    @api.get("/groups/{group}", response_model=list[FindingGroup], responses=_NO_SCAN)
    async def groups(group: GroupName) -> Response:
        """Findings counted by what they are about, the most denials first."""
        return _send(_view_of(board).groups[group])

    @api.get("/findings", response_model=FindingPage, responses=_NO_SCAN)
    async def findings(query: Annotated[FindingQuery, Query()]) -> Response:
        """Findings, in the order of a report."""
        wanted = query.model_dump(exclude_none=True, exclude={"offset", "limit"})
        return _send(_view_of(board).findings.answer(wanted, query.offset, query.limit))


def _add_rules(api: APIRouter, board: Board) -> None:
    @api.get("/rules", response_model=list[RuleEntry])
    async def rules() -> Response:
        """Every rule, what the policy makes of it, and what was found."""
        return _send(_rules_of(board).every)

    @api.get("/rules/{code}", response_model=RulePage, responses=_MISSING)
    async def rule(code: str) -> Response:
        """A rule with its page."""
        page = _rules_of(board).pages.get(code)
        if page is None:
            raise HTTPException(404, "there is no such rule")
        return _send(page)


def _add_simulations(api: APIRouter, board: Board, simulator: Simulator) -> None:
    path = SIMULATIONS.removeprefix(_PREFIX)
    refused: Responses = {
        400: {"model": ProblemDetail, "description": "No such policy can be tried out."},
        413: {"description": "The body is too large."},
        415: {"description": "The body is no JSON."},
        429: {"model": ProblemDetail, "description": "One is going on."},
        **_NO_SCAN,
    }

    @api.post(path, status_code=202, responses=refused)
    async def simulate(choice: PolicyChoice, response: Response) -> Simulation:
        """Begin to try out another policy on what the last scan saw: see ``Location``."""
        view = _view_of(board)
        if not view.seen.snapshot.whole:
            raise HTTPException(
                503, "the cluster is too large to be kept: raise --snapshot-size to simulate"
            )
        try:
            begun = simulator.start(view, choice)
        except UserError as error:
            raise HTTPException(400, str(error)) from None
        except SimulatorBusyError:
            raise HTTPException(429, "another simulation is going on", _FEW_SECONDS) from None
        response.headers["location"] = f"{SIMULATIONS}/{begun.number}"
        return begun

    @api.get(f"{path}/{{number}}", responses=_MISSING)
    async def simulation(number: int) -> Simulation:
        """What became of it. The last few are remembered."""
        found = simulator.find(number)
        if found is None:
            raise HTTPException(404, "there is no such simulation, or it is forgotten")
        return found


def _send(answer: bytes) -> Response:
    return Response(answer, media_type="application/json")


@cache
def _answer_without_scan() -> RuleAnswers:
    return answer_rules(None, {})


def _rules_of(board: Board) -> RuleAnswers:
    return _answer_without_scan() if board.view is None else board.view.rules


def _view_of(board: Board) -> ScanView:
    if board.view is None:
        raise HTTPException(503, "no scan has ended yet", _FEW_SECONDS)
    return board.view
