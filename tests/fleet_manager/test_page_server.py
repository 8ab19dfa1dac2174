from __future__ import annotations

import asyncio
import socket

from fleet_manager.page_server import PageServer
from fleet_manager.serve_cli import server_config
from fleet_manager.stop_flag import StopFlag

PATIENCE_S = 10.0


async def nothing(scope: object, receive: object, send: object) -> None:
    del scope, receive, send


def test_a_signal_that_came_while_the_manager_was_composed_ends_it() -> None:
    stop = StopFlag()
    server = PageServer(server_config(nothing, ()), stop)
    stop.set()
    with socket.create_server(("127.0.0.1", 0)) as door:
        asyncio.run(asyncio.wait_for(server.serve(sockets=[door]), PATIENCE_S))
    assert server.started
