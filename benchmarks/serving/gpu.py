"""A running vLLM server on a GPU: tokens a second, time to the first one, and the share of what the card's memory allows.

Every token reads all weights once, so at one request at a time the memory's bandwidth is the limit: a card that moves B bytes
a second makes at most B / weights tokens a second for each request of a batch. Measured are the server directly, with the
fewest layers between, and the product's own provider; their ratio is what the provider costs.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import httpx2

from benchmarks.figure import figure, machine, percentile
from serving.inference.provider import GenerationRequest, Message, Role, TextDelta
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.limits import CallLimits
from serving.inference.providers.opening import open_provider
from serving.inference.vllm.device import Device, DeviceChoice, DeviceKind, find_device
from serving.inference.vllm.errors import VllmError
from serving.inference.vllm.model_files import read_model
from serving.inference.vllm.server import VllmServer
from serving.inference.vllm.state import ServerState, VllmHome
from storage.postgres.models.model_connection import ModelProvider
from storage.settings import storage_settings

LEVELS = (1, 8, 32, 128)
TOKENS = 256
WARM_UP = 2
# Bytes a second of the cards' memory, from their makers' data sheets; the first name that is part of a card's name counts.
BANDWIDTHS = (
    ("H200", 4.8e12),
    ("H100 NVL", 3.9e12),
    ("H100 PCIe", 2.0e12),
    ("H100", 3.35e12),
    ("B200", 8.0e12),
    ("A100-SXM4-80GB", 2.039e12),
    ("A100 80GB", 1.935e12),
    ("A100", 1.555e12),
    ("L40S", 0.864e12),
    ("L4", 0.3e12),
    ("A10", 0.6e12),
    ("RTX 4090", 1.008e12),
    ("T4", 0.32e12),
)
_LIMITS = CallLimits(first_token_s=120, gap_s=60, total_s=600)
Call = Callable[[int], Awaitable["Timing"]]


@dataclass(frozen=True)
class Timing:
    """One answer."""

    first_token_ms: float
    tokens: int


def bandwidth_of(name: str) -> float | None:
    """Bytes a second of a card's memory; None for one that is not in the table."""
    return next((value for part, value in BANDWIDTHS if part.lower() in name.lower()), None)


def measure() -> dict[str, Any]:
    """The benchmark; without a running server on a GPU it measures nothing and says why."""
    home = VllmHome(storage_settings())
    state = home.state()
    reason = _reason(state, home)
    if reason is not None or state is None:
        names = ("tokens a second", "first token, p50", "share of the memory bandwidth", "provider / direct")
        return {
            "name": "gpu",
            "machine": machine(),
            "figures": [figure(name, None, "", reason=reason) for name in names],
        }
    device = find_device(DeviceChoice.CUDA)
    figures = asyncio.run(_figures(state, home.key(), device))
    return {"name": "gpu", "machine": f"{state.device}, {machine()}", "model": state.model, "figures": figures}


def _reason(state: ServerState | None, home: VllmHome) -> str | None:
    """Why nothing can be measured."""
    try:
        find_device(DeviceChoice.CUDA)
    except VllmError as error:
        return str(error)
    if state is None:
        return "no vLLM server was started here: pixel up --with vllm --model NAME_OR_PATH"
    with VllmServer(state.url, home.key()) as server:
        if not server.is_healthy():
            return "the vLLM server does not answer: pixel status"
    return None


async def _figures(state: ServerState, key: str, device: Device) -> list[dict[str, Any]]:
    figures: list[dict[str, Any]] = []
    async with httpx2.AsyncClient(
        base_url=state.url, headers={"Authorization": f"Bearer {key}"}, timeout=600
    ) as client:
        endpoint = Endpoint(
            uuid.uuid4(), ModelProvider.VLLM, f"{state.url}/v1", key, may_be_private=True, limits=_LIMITS
        )
        provider = open_provider(endpoint)

        async def direct(number: int) -> Timing:
            return await _direct(client, state.model, number)

        async def ours(number: int) -> Timing:
            return await _through(provider, state.model, number)

        for call in (direct, ours):
            await _run(call, WARM_UP)
        for level in (level for level in LEVELS if level <= state.max_running):
            plain, plain_first = await _run(direct, level)
            rate, first = await _run(ours, level)
            figures.append(_rate(level, rate, plain))
            figures.append(figure(f"first token at {level}, p50", percentile(first, 0.5), "ms", peer="direct", peer_value=round(percentile(plain_first, 0.5), 1)))  # fmt: skip
            figures.append(_share(state, device, level, rate))
        await provider.aclose()
    return figures


def _rate(level: int, rate: float, plain: float) -> dict[str, Any]:
    return figure(
        f"tokens a second at {level}", rate, "1/s", peer="direct", peer_value=round(plain, 1),
        ratio=round(rate / plain, 3),
    )  # fmt: skip


def _share(state: ServerState, device: Device, level: int, rate: float) -> dict[str, Any]:
    """Weights are read once for a step, and a step makes a token for every request of the batch."""
    model = read_model(state.source) if device.kind is DeviceKind.CUDA else None
    bandwidth = bandwidth_of(device.name)
    name = f"share of the memory bandwidth at {level}"
    if model is None or bandwidth is None:
        missing = (
            "the model's files are not in a folder here" if model is None else f"no bandwidth known of {device.name}"
        )
        return figure(name, None, "", reason=missing)
    arguments = list(state.arguments)
    cards = int(arguments[arguments.index("--tensor-parallel-size") + 1])
    share = model.weights_bytes * (rate / level) / (bandwidth * cards)
    return figure(name, share, "", bandwidth_bytes_per_s=bandwidth, weights_bytes=model.weights_bytes, cards=cards)


async def _run(call: Call, level: int) -> tuple[float, list[float]]:
    """Tokens a second of so many answers at once, and the times to their first tokens."""
    started = time.perf_counter()
    timings = await asyncio.gather(*(call(number) for number in range(level)))
    seconds = time.perf_counter() - started
    return sum(timing.tokens for timing in timings) / seconds, [timing.first_token_ms for timing in timings]


def _prompt(number: int) -> str:
    """Different from the first word on, so that no prefix is found in a cache."""
    return f"{number} {uuid.uuid4()}: write a long story about a mill by a river. " + "It has many rooms. " * 40


async def _direct(client: httpx2.AsyncClient, model: str, number: int) -> Timing:
    body = {
        "model": model, "messages": [{"role": "user", "content": _prompt(number)}], "max_tokens": TOKENS, "stream": True,
        "temperature": 0, "stream_options": {"include_usage": True},
    }  # fmt: skip
    started, first, tokens = time.perf_counter(), 0.0, 0
    async with client.stream("POST", "/v1/chat/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if not first and '"content":"' in line and '"content":""' not in line:
                first = time.perf_counter()
            if '"usage":{' in line:
                tokens = int(json.loads(line.removeprefix("data: "))["usage"]["completion_tokens"])
    return Timing((first - started) * 1000, tokens)


async def _through(provider: Any, model: str, number: int) -> Timing:
    prompt = _prompt(number)
    request = GenerationRequest(
        prompt, (), model, messages=(Message(Role.USER, prompt),),
        parameters={"temperature": 0, "max_tokens": TOKENS},
    )  # fmt: skip
    started, first = time.perf_counter(), 0.0
    async with aclosing(cast("Any", provider.stream(request))) as events:
        async for event in events:
            if not first and isinstance(event, TextDelta):
                first = time.perf_counter()
            last = event
    return Timing((first - started) * 1000, last.usage.completion_tokens)
