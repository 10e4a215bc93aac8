"""What is known of a model server."""

from collections.abc import Callable

from rules.type_names import TypeAlias

ReadFlag: TypeAlias = Callable[[str], str | None]
"""The value of a flag by its name with dashes: empty where it stands alone, None if not given."""


def answers_never(_flag: ReadFlag) -> bool:
    """Whether the server opens its port, and reports itself healthy, only after loading."""
    return False


def answers_always(_flag: ReadFlag) -> bool:
    """It loads models when it is asked, or beside its health paths."""
    return True


def answers_until_asked(flag: ReadFlag) -> bool:
    """Triton loads nothing at its start in this mode, unless told what; in its other modes it opens
    its ports after loading (server ``src/main.cc``; ``docs/user_guide/model_management.md``)."""
    return flag("model-control-mode") == "explicit" and flag("load-model") is None


class Server:
    """One model server.

    ``images``: words of its images' names; with punctuation, a part of the whole path; after ``^``,
    how the name begins. ``programs``: programs and modules, or a program with its subcommand.
    ``live`` and ``ready`` are HTTP paths on ``port``, or where the first of ``port_from`` says, its
    flags and variables. ``metrics`` are what to scale it on, the best first. ``caches`` are the
    folders in its image where models are kept. ``slow``: its models may take minutes to load.
    ``answers_unloaded`` tells by the flags whether it answers its health paths before a model is
    loaded. ``one_process``: it is one on all its accelerators, and hands no tensors over.
    ``names`` are what people call what it serves after.
    """

    __slots__ = (
        "answers_unloaded",
        "caches",
        "images",
        "live",
        "metrics",
        "name",
        "names",
        "one_process",
        "port",
        "port_from",
        "programs",
        "ready",
        "slow",
    )

    def __init__(  # noqa: PLR0913 - a record, written by keyword
        self,
        name: str,
        images: tuple[str, ...],
        programs: tuple[str, ...] = (),
        *,
        port: int | None = None,
        port_from: tuple[str, ...] = (),
        live: str | None = None,
        ready: str | None = None,
        metrics: tuple[str, ...] = (),
        caches: tuple[str, ...] = (),
        slow: bool = False,
        answers_unloaded: Callable[[ReadFlag], bool] = answers_never,
        one_process: bool = False,
        names: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.images = images
        self.programs = programs
        self.port = port
        self.port_from = port_from
        self.live = live
        self.ready = ready
        self.metrics = metrics
        self.caches = caches
        self.slow = slow
        self.answers_unloaded = answers_unloaded
        self.one_process = one_process
        self.names = names
