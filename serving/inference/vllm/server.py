"""Talks to a vLLM server of our own: is it healthy, what runs, change its adapters through the door.

For commands of the operator; answers of bots go through `serving/inference/providers/`.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx2

from serving.inference.vllm.errors import AdapterError, BusyError, ServerError

_CALL_S = 30.0
# Loading weights onto a busy disk, and a canary on a CPU, both take their time.
_CHANGE_S = 300.0
HOLD_HEADER = "x-pixel-hold"


@dataclass(frozen=True)
class Load:
    """What a server does now; `finished` counts every request since its start, whatever became of it."""

    running: int
    waiting: int
    finished: int


@dataclass(frozen=True)
class Said:
    """What a model said to a canary, greedily, with the logarithms of its tokens' probabilities."""

    text: str
    logprobs: tuple[float, ...]


class VllmServer:
    """A client of one server; use it with `with`.

    Args:
        url: Where it is, without a path.
        key: Its key.
    """

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx2.Client(base_url=url, headers=headers, timeout=_CALL_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def is_healthy(self) -> bool:
        """Whether it and its engine answer."""
        try:
            return bool(self._client.get("/health", timeout=5).status_code == 200)
        except httpx2.HTTPError:
            return False

    def models(self) -> dict[str, int | None]:
        """Names of what it answers as, adapters among them, with the longest prompt of each where it says so."""
        return {one["id"]: one.get("max_model_len") for one in self._call("GET", "/v1/models").json()["data"]}

    def load(self) -> Load:
        """What it does now.

        Raises:
            ServerError: It does not say.
        """
        counts = {"running": 0.0, "waiting": 0.0, "finished": 0.0}
        names = {
            "vllm:num_requests_running": "running",
            "vllm:num_requests_waiting": "waiting",
            "vllm:request_success_total": "finished",
        }
        for line in self._call("GET", "/metrics").text.splitlines():
            name = names.get(line.partition("{")[0])
            if name is not None:
                counts[name] += float(line.rpartition(" ")[2])
        return Load(int(counts["running"]), int(counts["waiting"]), int(counts["finished"]))

    @contextmanager
    def held(self, *, drain_s: float, hold_s: float = _CHANGE_S) -> Iterator["Held"]:
        """Keep everybody else out, once the running requests have ended; they come in again afterwards.

        Args:
            drain_s: How long running requests may take to end.
            hold_s: How long the door stays closed should this process die.

        Raises:
            BusyError: Requests still run, or somebody else holds the door.
        """
        query = f"?drain_s={drain_s}&hold_s={hold_s}"
        response = self._send("POST", f"/pixel/hold{query}", timeout=drain_s + _CALL_S)
        if response.status_code == 409:
            raise BusyError(
                f"Adapters of the vLLM server cannot be changed now: {_message(response)} "
                "Try again later, or give it longer with PIXEL_VLLM_DRAIN_SECONDS"
            )
        token = _checked(response).json()["token"]
        try:
            yield Held(self, token)
        finally:
            self._send("POST", "/pixel/release", headers={HOLD_HEADER: token})

    def _call(self, method: str, path: str) -> httpx2.Response:
        return _checked(self._send(method, path))

    def _send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = _CALL_S,
    ) -> httpx2.Response:
        try:
            return self._client.request(method, path, json=json, headers=headers, timeout=timeout)
        except httpx2.HTTPError as error:
            raise ServerError(
                f"The vLLM server does not answer ({type(error).__name__}); see pixel status and pixel logs vllm"
            ) from error


@dataclass(frozen=True)
class Held:
    """A server whose door is closed for all others."""

    server: VllmServer
    token: str

    def load_adapter(self, served_name: str, path: str) -> None:
        """Load an adapter.

        Raises:
            AdapterError: vLLM does not take it.
        """
        self._change("load", {"lora_name": served_name, "lora_path": path})

    def unload_adapter(self, served_name: str) -> None:
        """Unload an adapter.

        Raises:
            AdapterError: It is not loaded.
        """
        self._change("unload", {"lora_name": served_name})

    def say(self, model: str, prompt: str, *, tokens: int) -> Said:
        """What a model answers to a canary; nothing of it comes from the prefix cache.

        Raises:
            ServerError: It does not answer.
        """
        body = {
            "model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": tokens, "temperature": 0,
            "seed": 0, "logprobs": True, "cache_salt": uuid.uuid4().hex,
        }  # fmt: skip
        choice = _checked(self._post("/v1/chat/completions", body)).json()["choices"][0]
        told = (choice.get("logprobs") or {}).get("content") or []
        return Said(choice["message"]["content"] or "", tuple(float(one["logprob"]) for one in told))

    def _change(self, verb: str, body: Mapping[str, str]) -> None:
        response = self._post(f"/v1/{verb}_lora_adapter", body)
        # Weights that do not fit end in a 500 of an engine that goes on; an engine that is lost is another story.
        if response.status_code in (400, 404) or (response.status_code == 500 and self.server.is_healthy()):
            raise AdapterError(f"vLLM does not {verb} the adapter {body['lora_name']}: {_message(response)}")
        _checked(response)

    def _post(self, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        return self.server._send("POST", path, json=body, headers={HOLD_HEADER: self.token}, timeout=_CHANGE_S)


def _checked(response: httpx2.Response) -> httpx2.Response:
    if response.status_code != 200:
        raise ServerError(f"The vLLM server answered {response.status_code}: {_message(response)}; see pixel logs vllm")
    return response


def _message(response: httpx2.Response) -> str:
    try:
        error = response.json()["error"]
        return str(error["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return response.text[:300] or "nothing"
