"""Stamps of files, by which a change is noticed."""

import os
from collections.abc import Iterable

from rules.type_names import TypeAlias

Stamp: TypeAlias = tuple[int, int]
"""Time of the last change in nanoseconds, and size in bytes."""

Stamps: TypeAlias = dict[str, Stamp]
"""By the paths of files."""


def read_stamps(files: Iterable[str]) -> Stamps:
    """The stamps of those files that are there."""
    found = ((file, read_stamp(file)) for file in files)
    return {file: stamp for file, stamp in found if stamp is not None}


def read_stamp(file: str) -> Stamp | None:
    """The stamp of a file; None where it has gone, or was never there."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
