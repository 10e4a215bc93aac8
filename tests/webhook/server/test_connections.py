"""Who loses a connection where places run short."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import pytest

from webhook.server.connections import Connection, ConnectionTable
from webhook.server.protocol import BoundedProtocol, address_of


class Busy:
    busy = True


def in_loop(test: Callable[[], Any]) -> None:
    async def run() -> None:
        test()

    asyncio.run(run())


def make(address: str, *, busy: bool = False) -> Connection:
    one = Connection(cast("socket.socket", None), address)
    one.protocol = cast("BoundedProtocol", Busy()) if busy else None
    return one


def table_of(*held: Connection) -> ConnectionTable:
    table = ConnectionTable(len(held))
    for one in held:
        table.add(one)
    assert table.full
    return table


def test_the_oldest_idle_one_of_the_address_that_holds_the_most_goes() -> None:
    def check() -> None:
        mine, busy = make("10.0.0.1"), make("10.0.0.2", busy=True)
        idle, last = make("10.0.0.2"), make("10.0.0.2")
        assert table_of(mine, busy, idle, last).choose_victim("10.0.0.1") is idle
        assert table_of(mine, busy, idle, last).choose_victim("10.0.0.9") is idle
        assert table_of(mine, busy, idle, last).choose_victim("10.0.0.2") is idle

    in_loop(check)


def test_where_all_are_busy_a_newcomer_of_another_address_comes_before_the_oldest() -> None:
    def check() -> None:
        busy = [make("10.0.0.2", busy=True) for _ in range(3)]
        table = table_of(*busy)
        assert table.choose_victim("10.0.0.1") is busy[0]
        assert table.choose_victim("10.0.0.2") is None

    in_loop(check)


def test_one_that_is_gone_is_counted_no_more() -> None:
    def check() -> None:
        one, other = make("10.0.0.1"), make("10.0.0.2")
        table = table_of(one, other)
        for _ in range(2):
            table.remove(one)
        assert not table.full
        table.add(make("10.0.0.2"))
        assert table.choose_victim("10.0.0.1") is other

    in_loop(check)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("10.1.2.3", 5000), "10.1.2.3"),
        (("2001:db8:1:2:3:4:5:6", 5000, 0, 0), "2001:db8:1:2::"),
        (("fe80::1%eth0", 5000, 0, 2), "fe80::"),
        (None, ""),
    ],
)
def test_a_client_is_known_by_its_address(peer: Any, address: str) -> None:
    assert address_of(peer) == address
