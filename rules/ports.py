"""Where a container listens: at ports that it declares, that it is told, and of its server."""

import re
from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.kinds.pods import Container
from rules.model import Value
from rules.servers import Server, find_program, find_server, is_part, is_simulator
from rules.type_names import Any
from rules.whole_numbers import parse_whole
from rules.wording import list_names, tell_value
from rules.words import split_name

_COUNTS = frozenset({"metrics", "prometheus", "prom"})
"""Words of the names of ports at which Prometheus alone asks."""
_LISTENS = frozenset(
    f"{whose}PORT" for whose in ("", "APP_", "API_", "HTTP_", "LISTEN_", "SERVER_", "SERVICE_")
)
"""Variables by which people tell a server of their own where to listen."""
_ADDRESS = r"\w{1,32}://\S{0,256}"
_NUMBER = r"(?<!\d)\d{2,5}(?!\d)"


def declared_ports(container: Container) -> Iterator[Mapping[str, Any]]:
    """The ports that a container declares; one without a number and a name is none."""
    ports = container.get("ports")
    for port in ports if isinstance(ports, list) else ():
        if isinstance(port, dict) and (port.get("containerPort") or port.get("name")):
            yield port


def work_ports(container: Container) -> Iterator[Mapping[str, Any]]:
    """The ports at which the container can be asked for work, which excludes its metrics."""
    for port in declared_ports(container):
        name = port.get("name")
        if not (isinstance(name, str) and _COUNTS.intersection(split_name(name))):
            yield port


def port_names(container: Container) -> tuple[str, ...]:
    """The names of its ports."""
    return tuple(str(port["name"]) for port in declared_ports(container) if port.get("name"))


def names_no_port(container: Container, port: Any) -> bool:
    """Whether ``port`` is a name, and the container gives it to none of its ports: the kubelet
    looks for it there alone (``prober/probe.go``, ResolveContainerPort of apimachinery)."""
    named = isinstance(port, str) and not port.isdecimal()
    return named and port not in port_names(container)


def tell_lost_port(container: Container, value: Value) -> tuple[str, str]:
    """Two clauses on a name that the container gives to none of its ports: what was found, and
    what is expected."""
    found = f"{tell_value(value)}, which no port of the container is called"
    return found, f"expected {list_names(port_names(container)) or 'a number'}"


def port_numbers(container: Container) -> tuple[int, ...]:
    """Their numbers."""
    numbers = (port.get("containerPort") for port in declared_ports(container))
    return tuple(number for number in numbers if isinstance(number, int))


def find_port(command: CommandLine, server: Server) -> int | None:
    """The port on which a server listens: the one that it is told, else the only declared one, else
    the server's default. None if a template sets it, or if it is ambiguous."""
    told = command.setting(*server.port_from)
    if told is not None:
        number = told.rpartition(":")[2]  # an address may stand there: OLLAMA_HOST=0.0.0.0:80
        return parse_whole(number)
    declared = port_numbers(command.container)
    if len(declared) == 1:
        return declared[0]
    return server.port if not declared or server.port in declared else None


def known_server(command: CommandLine) -> Server | None:
    """The server that a container runs, by its image, else by its command."""
    return command.once(_find_known_server)


def _find_known_server(command: CommandLine) -> Server | None:
    return find_server(command.image) or find_program(word for word, _ in command.words)


def runs_own_server(command: CommandLine) -> bool:
    """Whether a container runs the server of its image: it has no command of its own, or one that
    names a program of the server."""
    server = find_server(command.image)
    started = find_program(word for word, _ in command.words)
    return server is not None and (started is server or not command.container.get("command"))


def only_joins(command: CommandLine) -> bool:
    """Whether a container lends its devices to a server that runs elsewhere, and is asked nothing:
    ``ray start --address`` without a program that answers (ray-project/ray: ``scripts.py``)."""
    script = command.script
    if "ray start" not in script or "--address" not in script or "--head" in script:
        return False
    return find_program(word for word, _ in command.words) is None


def is_asked(command: CommandLine, *, accelerated: bool) -> bool:
    """Whether a container of a server may be the one that answers: not what only lends its devices,
    no simulator, and no router unless it has an accelerator."""
    if only_joins(command) or is_simulator(command.image):
        return False
    return accelerated or not is_part(command.image)


def listens(command: CommandLine) -> bool:
    """Whether a container can be asked for something: it is a known server, or declares or sets a
    port. A consumer of a queue cannot."""
    declared = any(declared_ports(command.container))
    told = any(work_ports(command.container)) if declared else tells_port(command)
    return told or known_server(command) is not None


def tells_port(command: CommandLine) -> bool:
    """Whether a container's command may set its port; addresses of others, such as a queue's, do
    not count."""
    told = [command.environment[name].text for name in _LISTENS if name in command.environment]
    return re.search(_NUMBER, "\n".join([re.sub(_ADDRESS, "", command.script), *told])) is not None


def numbers_told(command: CommandLine) -> frozenset[int]:
    """All possible port numbers in a container's declaration and command."""
    texts = [command.script, *(value for value, _ in command.environment.values())]
    told = (int(number) for text in texts for number in re.findall(_NUMBER, text))
    return frozenset({*told, *port_numbers(command.container)})
