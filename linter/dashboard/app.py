"""The pages and the JSON API behind them, documented at /openapi.json."""

import zlib
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.types import ASGIApp

from linter.dashboard.api import make_api
from linter.dashboard.board import Board
from linter.dashboard.board_metrics import METRICS_TYPE, render_board
from linter.dashboard.gate import Gate
from linter.dashboard.pages import FRAMES, draw_frame, read_assets
from linter.dashboard.shield import Shield
from linter.dashboard.simulator import Simulator
from rules import VERSION

_GZIP_WINDOW = 31
"""What tells zlib to expect gzip's header."""


def create_dashboard(board: Board, gate: Gate, simulator: Simulator | None = None) -> ASGIApp:
    """All that the dashboard answers, behind its gate. Without a ``simulator`` of its own policies
    are tried out in a process beside this one."""
    # The pages of Swagger and ReDoc would be loaded from elsewhere.
    app = FastAPI(
        title="mlgate dashboard",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        # It would lead to whatever name a request has asked for.
        redirect_slashes=False,
    )
    app.add_exception_handler(RequestValidationError, _refuse_shape)
    app.include_router(make_api(board, simulator or Simulator()))
    app.include_router(_make_pages(board))
    return Shield(app, gate)


async def _refuse_shape(_request: Request, error: Exception) -> JSONResponse:
    """What is wrong with a request, without the value: JSON of Python's has numbers that JSON has
    not."""
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    shown = [{key: fault[key] for key in ("loc", "msg", "type")} for fault in faults]
    return JSONResponse({"detail": shown}, 422)


def _make_pages(board: Board) -> APIRouter:
    pages = APIRouter(include_in_schema=False)
    frame, assets = draw_frame(), read_assets()

    async def show_frame() -> HTMLResponse:
        return HTMLResponse(frame)

    for path in (*FRAMES, "/rules/{code}"):
        pages.add_api_route(path, show_frame, methods=["GET"])

    @pages.get("/report")
    async def show_report(request: Request) -> Response:
        view = board.view
        if view is None:
            return HTMLResponse(frame)
        return _send_packed(view.report, request)

    @pages.get("/assets/{name}")
    async def show_asset(name: str) -> Response:
        if name not in assets:
            raise HTTPException(404)
        media_type, text = assets[name]
        return Response(text, media_type=media_type)

    @pages.get("/metrics")
    async def show_metrics() -> Response:
        return Response(render_board(board), media_type=METRICS_TYPE)

    @pages.get("/healthz")
    async def tell_health() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    return pages


def _send_packed(packed: bytes, request: Request) -> Response:
    """Send a compressed page as it is to clients that can decompress it."""
    headers: dict[str, Any] = {"vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(packed, media_type="text/html", headers=headers)
    page = zlib.decompress(packed, _GZIP_WINDOW)
    return Response(page, media_type="text/html", headers=headers)
