"""The server process: when it is told to end, answers are finished or handed over before the connections are."""

import asyncio
import os
import signal
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from serving.app import create_app
from serving.settings import ServingSettings
from storage.settings import StorageSettings

# Beyond the time for answers: closing connections, giving leases back, closing the stores.
_CLOSING_S = 5
# The loop accepts one connection at a turn for each listening socket. Under load a turn takes as long as fifty tokens, and who
# is to be turned away would wait many of them to hear it.
_ACCEPTED_AT_A_TURN = 64


class DrainingServer(uvicorn.Server):
    """Tells the streams of a SIGTERM at once; uvicorn by itself would cut them after its own timeout."""

    def __init__(self, app: FastAPI, config: uvicorn.Config, *, drain_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, several times over on one socket: its connections are accepted by whichever looks first."""
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        listening = [found for server in self.servers for found in server.sockets]
        for one in listening:
            for _ in range(_ACCEPTED_AT_A_TURN - 1):
                again = socket.socket(fileno=os.dup(one.fileno()))
                self.servers.append(await loop.create_server(self._connection, sock=again, backlog=self.config.backlog))

    def _connection(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting connections, and let the answers come to their end."""
        super().handle_exit(sig, frame)
        if sig == signal.SIGINT or self._draining is not None:
            return
        asyncio.get_running_loop().call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._draining = asyncio.create_task(self._app.state.context.streams.drain(self._drain_s))


def serve(storage: StorageSettings, serving: ServingSettings) -> None:
    """Serve the API until SIGTERM or SIGINT. It ends within `drain_s` and a few seconds of the signal."""
    app = create_app(storage, serving)
    DrainingServer(app, server_config(app, serving), drain_s=serving.drain_s).run()


def server_config(app: FastAPI, serving: ServingSettings) -> uvicorn.Config:
    """How the API is served. What a peer says of who asked is believed of trusted proxies only; there are none by default."""
    return uvicorn.Config(
        app,
        host=serving.host,
        port=serving.port,
        log_config=None,
        access_log=False,
        proxy_headers=bool(serving.trusted_proxies.strip()),
        forwarded_allow_ips=serving.trusted_proxies,
        timeout_graceful_shutdown=int(serving.drain_s) + _CLOSING_S,
        backlog=4096,
    )
