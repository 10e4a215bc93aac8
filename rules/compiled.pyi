from typing import Any

from rules.marks import Marks

LIBYAML: str

def compose_plain(text: str, depth: int, events: int) -> tuple[Any, Marks, int] | None: ...
