"""The transport on real sockets: what servers do to HTTP, and what is made of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from serving.inference.providers.connection import TooLargeError
from serving.inference.providers.transport import StreamingTransport

OK = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def site(*responses: bytes, close: bool = False) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that gives these responses, one for each request; how many connections came is told."""
    connections: list[int] = []
    left = list(responses)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        try:
            while left:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(left.pop(0))
                await writer.drain()
                if close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", connections
    server.close()


@asynccontextmanager
async def client(*, max_bytes: int = 10_000, may_be_private: bool = True) -> AsyncIterator[httpx2.AsyncClient]:
    transport = StreamingTransport(connect_s=0.5, max_bytes=max_bytes, may_be_private=may_be_private)
    async with httpx2.AsyncClient(transport=transport, timeout=5, trust_env=False) as made:
        yield made


class TestBodies:
    @pytest.mark.parametrize(
        "response",
        [
            OK + b"content-length: 5\r\n\r\nhello",
            OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK + b"content-length: 5\r\n\r\nhello",
        ],
    )
    async def test_they_are_read_whole_and_the_connection_is_kept(self, response: bytes) -> None:
        async with site(response, response) as (url, connections), client() as http:
            assert [(await http.get(url)).text for _ in range(2)] == ["hello", "hello"]
            assert len(connections) == 1

    async def test_one_without_a_length_ends_with_its_connection(self) -> None:
        response = OK + b"\r\nhello"
        async with site(response, response, close=True) as (url, connections), client() as http:
            assert [(await http.get(url)).text for _ in range(2)] == ["hello", "hello"]
            assert len(connections) == 2

    async def test_a_server_that_wants_to_close_is_left(self) -> None:
        response = OK + b"connection: close\r\ncontent-length: 2\r\n\r\nhi"
        async with site(response, response) as (url, connections), client() as http:
            await http.get(url)
            await http.get(url)
            assert len(connections) == 2

    async def test_a_connection_that_the_server_closed_meanwhile_is_not_used(self) -> None:
        response = OK + b"content-length: 2\r\n\r\nhi"
        async with site(response, response, close=True) as (url, connections), client() as http:
            await http.get(url)
            await asyncio.sleep(0.05)
            assert (await http.get(url)).text == "hi"
            assert len(connections) == 2

    async def test_one_that_is_cut_is_an_error(self) -> None:
        response = OK + b"content-length: 50\r\n\r\nhello"
        async with site(response, close=True) as (url, _), client() as http:
            with pytest.raises(httpx2.ReadError):
                await http.get(url)

    async def test_no_more_is_read_than_allowed(self) -> None:
        response = OK + b"transfer-encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"
        async with site(response) as (url, _), client(max_bytes=1000) as http:
            with pytest.raises(TooLargeError):
                await http.get(url)

    async def test_a_packed_one_is_refused(self) -> None:
        response = OK + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\nhi"
        async with site(response) as (url, _), client() as http:
            with pytest.raises(httpx2.RemoteProtocolError, match="packed"):
                await http.get(url)

    @pytest.mark.parametrize("response", [b"SSH-2.0-OpenSSH_9.2\r\n", OK + b"content-length: x\r\n\r\n"])
    async def test_what_is_no_http_is_an_error(self, response: bytes) -> None:
        async with site(response) as (url, _), client() as http:
            with pytest.raises(httpx2.RemoteProtocolError):
                await http.get(url)


class TestConnecting:
    async def test_an_address_that_is_not_public_is_not_called(self) -> None:
        async with site(OK) as (url, connections), client(may_be_private=False) as http:
            with pytest.raises(httpx2.ConnectError, match="may be connected to"):
                await http.get(url)
            assert connections == []

    async def test_no_redirect_is_followed(self) -> None:
        response = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
        async with site(response) as (url, _), client() as http:
            assert (await http.get(url)).status_code == 302

    async def test_one_that_does_not_stand_in_time_is_given_up(self) -> None:
        async def resolve(host: str, port: int) -> list[str]:
            await asyncio.sleep(60)
            return []

        transport = StreamingTransport(connect_s=0.05, max_bytes=10, may_be_private=True, resolve=resolve)
        async with httpx2.AsyncClient(transport=transport) as http:
            with pytest.raises(httpx2.ConnectTimeout):
                await http.get("http://models.test/")
