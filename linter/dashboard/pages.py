"""The pages' texts: one frame that its script fills, and the report with a bar above it."""

from linter.reports.html import PageParts, read_asset

_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_LINKS = (
    ("/", "Overview"),
    ("/report", "Report"),
    ("/namespaces", "Namespaces"),
    ("/teams", "Teams"),
    ("/rules", "Rules"),
    ("/simulator", "Simulator"),
)
FRAMES = tuple(path for path, _ in _LINKS if path != "/report")
"""The paths of pages that the script fills."""

_NAV = (
    '<nav id="nav" aria-label="pages"><b>mlgate</b>'
    + "".join(f'<a href="{path}">{name}</a>' for path, name in _LINKS)
    + '<span id="fresh" role="status"></span></nav>\n'
    '<div id="notice" role="alert" hidden></div>\n'
)


def _link_styles(*names: str) -> str:
    sheets = "".join(f'<link rel="stylesheet" href="/assets/{name}">\n' for name in names)
    return f'<link rel="icon" href="/assets/icon.svg">\n{sheets}'


def _link_scripts(*names: str) -> str:
    return "".join(f'<script src="/assets/{name}"></script>\n' for name in names)


REPORT_PARTS = PageParts(
    _link_styles("report.css", "dashboard.css"),
    _NAV,
    _link_scripts("drawing.js", "report.js", "dashboard.js"),
)


def draw_frame() -> str:
    """A page without anything in it yet."""
    page = read_asset("../dashboard/dashboard.html")
    parts = {
        "<!--style-->": REPORT_PARTS.style,
        "<!--top-->": _NAV,
        "<!--script-->": _link_scripts("drawing.js", "dashboard.js", "views.js"),
    }
    for mark, text in parts.items():
        page = page.replace(mark, text)
    return page


def read_assets() -> dict[str, tuple[str, str]]:
    """The files that pages link to, by name: media type and text."""
    reports = ("report.css", "report.js", "drawing.js")
    own = ("dashboard.css", "dashboard.js", "views.js", "icon.svg")
    files = {**{name: name for name in reports}, **{name: f"../dashboard/{name}" for name in own}}
    return {
        name: (_MEDIA[name[name.index(".") :]], read_asset(file)) for name, file in files.items()
    }
