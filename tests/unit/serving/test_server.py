"""Connections that come in a storm are accepted soon, though the loop has much to do at each turn."""

import asyncio
import socket
import time

import pytest
import uvicorn
import uvloop
from fastapi import FastAPI

from serving.server import DrainingServer

CALLERS = 300
TURN_S = 0.005
REQUEST = b"GET /here HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/here")
    async def here() -> dict[str, str]:
        return {}

    return app


def server_of(app: FastAPI) -> DrainingServer:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, backlog=4096)
    return DrainingServer(app, config, drain_s=0)


async def started(server: DrainingServer) -> tuple["asyncio.Task[None]", int]:
    running = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    return running, int(server.servers[0].sockets[0].getsockname()[1])


class TestDrainingServer:
    def test_a_storm_is_accepted_in_few_turns_of_the_loop(self, app: FastAPI) -> None:
        async def turns_until_all_are_answered() -> int:
            server = server_of(app)
            running, port = await started(server)
            callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(CALLERS)]
            for caller in callers:
                caller.sendall(REQUEST)
            turns = 0
            while server.server_state.total_requests < CALLERS and turns < 2 * CALLERS:
                time.sleep(TURN_S)  # noqa: ASYNC251 - what a loop under load does at each turn
                await asyncio.sleep(0)
                turns += 1
            for caller in callers:
                caller.settimeout(5)
                assert await asyncio.to_thread(caller.recv, 12) == b"HTTP/1.1 200"
                caller.close()
            server.should_exit = True
            await running
            return turns

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(turns_until_all_are_answered()) < CALLERS / 4

    def test_nobody_listens_any_more_when_it_has_ended(self, app: FastAPI) -> None:
        async def end() -> int:
            server = server_of(app)
            running, port = await started(server)
            server.should_exit = True
            await running
            return port

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            port = runner.run(end())
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)
