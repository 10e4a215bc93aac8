"""Hooks of the site: README.md is its first page, and what pages link to outside of docs/ is part
of it, so that every link of the site can be checked."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from rules.checks import INDEX

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"(\]\()([^)#:\s]+)(#[^)\s]*)?(\))")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_UNSOUGHT = "---\nsearch: {exclude: true}\n---\n"
"""The search looks for what is said, and not for what every manifest has."""
_AREAS = {
    "CRN": "Schedules",
    "DST": "Distributed training",
    "GPU": "Accelerators",
    "HPA": "Autoscaling",
    "IMG": "Images and models",
    "MET": "Manifests",
    "MLG": "mlgate itself",
    "NET": "Network",
    "ORG": "Organisation",
    "PLC": "Placement",
    "REF": "References",
    "RES": "Resources",
    "SEC": "Security",
    "SRV": "Serving",
    "STO": "Storage",
    "TRN": "Training",
}
"""What a code begins with, in words."""
_RULES_TITLE = "Each rule"
_OTHERS_TITLE = "More"
_PAGES = {".md"}
"""Suffixes of what is a page; other text is shown on one."""


def on_config(config: Any) -> Any:
    """Every rule's page stands in the navigation, below the area that its code begins with; and so
    does what mkdocs.yml forgot."""
    groups: dict[str, list[dict[str, str]]] = {}
    for one in INDEX:
        letters = one.code[:3]
        area = f"{_AREAS[letters]} ({letters})" if letters in _AREAS else letters
        page = {f"{one.code} {one.name}": f"rules/{one.code}.md"}
        groups.setdefault(area, []).append(page)
    (rules,) = (part for part in config.nav if "Rules" in part)
    rules["Rules"].append({_RULES_TITLE: [{name: pages} for name, pages in groups.items()]})
    listed = set(re.findall(r"[\w-]+\.md", str(config.nav)))
    others = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    if unlisted := [name for name in others if name not in listed]:
        config.nav.append({_OTHERS_TITLE: unlisted})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add what pages link to, and what these link to."""
    texts = {file.src_uri: file.content_string for file in files if file.is_documentation_page()}
    pending = ["README.md", *(f"docs/{uri}" for uri in texts)]
    done = set(pending[1:])
    while pending:
        path = pending.pop()
        if not path.startswith("docs/"):
            files.append(File.generated(config, _name(path), content=_draw(path)))
        base = f"{path}/files" if (ROOT / path).is_dir() else path
        for _, target in _list_links(_draw(path), base):
            outside = not target.startswith("docs/") and (ROOT / target).exists()
            if outside and target not in done:
                done.add(target)
                pending.append(target)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links as the site needs them: to the pages that its files have become."""
    path = _find_path(page.file.src_uri)
    for old, target in set(_list_links(markdown, path)):
        name = _name(target)
        if (ROOT / target).exists():
            new = posixpath.relpath(name, posixpath.dirname(page.file.src_uri) or ".")
            markdown = re.sub(rf"\]\({re.escape(old)}(?=[)#])", f"]({new}", markdown)
    return markdown


def _list_links(text: str, path: str) -> Iterator[tuple[str, str]]:
    """Each link to a file, and the file's path from the root; what stands in code is none."""
    for match in _LINK.finditer(_FENCE.sub("", text)):
        yield match[2], posixpath.normpath(posixpath.join(posixpath.dirname(path), match[2]))


def _name(path: str) -> str:
    """The page of the site that a file of the repository becomes."""
    if path == "README.md":
        return "index.md"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    whole = ROOT / path
    if whole.is_dir():
        return f"repository/{path}/files.md"
    return f"repository/{path}" if whole.suffix in _PAGES else f"repository/{path}.md"


def _find_path(name: str) -> str:
    """The file of the repository that became a page."""
    if name == "index.md":
        return "README.md"
    if not name.startswith("repository/"):
        return f"docs/{name}"
    path = name.removeprefix("repository/")
    if path.endswith("/files.md"):
        return path.removesuffix("/files.md") + "/files"
    return path if (ROOT / path).exists() else path.removesuffix(".md")


def _draw(path: str) -> str:
    """A file as Markdown: itself, its text as a block, or the files of a folder."""
    whole = ROOT / path
    if whole.is_dir():
        links = "".join(f"- [{one.name}]({one.name})\n" for one in sorted(whole.iterdir()))
        return f"{_UNSOUGHT}# {path}\n\n{links}"
    text = whole.read_text(encoding="utf-8") if whole.is_file() else ""
    if whole.suffix in _PAGES:
        return text
    return f"{_UNSOUGHT}# {path}\n\n```{whole.suffix[1:]}\n{text}```\n"
