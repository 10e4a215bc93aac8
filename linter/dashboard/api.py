"""The JSON API: all that the pages show, for programs."""

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
from linter.dashboard.board import Board
from linter.dashboard.rule_answers import describe_page, list_rules
from linter.dashboard.shield import SIMULATIONS
from linter.dashboard.simulator import Simulator, SimulatorBusyError
from linter.dashboard.view import ScanView
from linter.errors import UserError
from linter.reports.json import dump_safely, export_finding_row

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
    async def history() -> list[ScanSummary]:
        """The last scans, the oldest first."""
        return board.list_history()


def _add_findings(api: APIRouter, board: Board) -> None:
    @api.get("/groups/{group}", responses=_NO_SCAN)
    async def groups(group: GroupName) -> list[FindingGroup]:
        """Findings counted by what they are about, the most denials first."""
        return _view_of(board).groups[group]

    @api.get("/findings", response_model=FindingPage, responses=_NO_SCAN)
    async def findings(query: Annotated[FindingQuery, Query()]) -> Response:
        """Findings, in the order of a report."""
        wanted = query.model_dump(exclude_none=True, exclude={"offset", "limit"})
        rows = _view_of(board).select(wanted)
        shown = [export_finding_row(row) for row in rows[query.offset : query.offset + query.limit]]
        page = {"total": len(rows), "offset": query.offset, "findings": shown}
        return Response(dump_safely(page, None), media_type="application/json")


def _add_rules(api: APIRouter, board: Board) -> None:
    @api.get("/rules")
    async def rules() -> list[RuleEntry]:
        """Every rule, what the policy makes of it, and what was found."""
        return list_rules(board.view)

    @api.get("/rules/{code}", responses=_MISSING)
    async def rule(code: str) -> RulePage:
        """A rule with its page."""
        page = describe_page(board.view, code)
        if page is None:
            raise HTTPException(404, "there is no such rule")
        return page


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
        if not view.source.snapshot.whole:
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


def _view_of(board: Board) -> ScanView:
    if board.view is None:
        raise HTTPException(503, "no scan has ended yet", _FEW_SECONDS)
    return board.view
