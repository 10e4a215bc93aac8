"""A network of the tests' own: a namespace whose loopback holds an address that may be an endpoint.

EndpointSlices refuse 127.0.0.0/8, and load belongs on no address that anybody else can reach. The
namespace has one interface, ``lo``, with an address of TEST-NET-1 (RFC 5737) beside its own.
"""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

ADDRESS = "192.0.2.2"
LOOPBACK = "127.0.0.1"

_CLONE_NEWNET = 0x40000000
_OWN = "/proc/thread-self/ns/net"
_SIOCSIFADDR, _SIOCSIFFLAGS, _SIOCSIFNETMASK = 0x8916, 0x8914, 0x891C
_IFF_UP = 1


@contextmanager
def own_network() -> Iterator[str]:
    """Run this thread, and the threads and processes that it starts, in a network namespace.

    Yields the address that replicas serve on. Without the right to make a namespace
    (CAP_SYS_ADMIN) nothing changes, and the address is loopback.
    """
    outside = os.open(_OWN, os.O_RDONLY)
    try:
        entered = _call("unshare", _CLONE_NEWNET)
        if entered:
            _set_up()
        try:
            yield ADDRESS if entered else LOOPBACK
        finally:
            if entered and not _call("setns", outside, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "the network namespace cannot be left")
    finally:
        os.close(outside)


def _call(name: str, *arguments: int) -> bool:
    """Whether a call of the C library succeeded (``os.unshare`` came with Python 3.12)."""
    done: int = getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments)
    return done == 0


def _set_up() -> None:
    """Bring ``lo`` up, and give it the address under an alias (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, request, body in (
            (b"lo", _SIOCSIFFLAGS, struct.pack("H", _IFF_UP)),
            (b"lo:1", _SIOCSIFADDR, _pack_address(ADDRESS)),
            (b"lo:1", _SIOCSIFNETMASK, _pack_address("255.255.255.0")),
        ):
            fcntl.ioctl(control, request, struct.pack("16s24s", name, body))


def _pack_address(address: str) -> bytes:
    return struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(address))
