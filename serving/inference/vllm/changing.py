"""Loads and unloads adapters of a running server: drained, proven, and all or nothing.

vLLM has served the wrong adapter when one was loaded while requests ran. So the door is closed, the running requests end,
the adapter is loaded, and it and the base model answer a canary before anybody else is let in.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from serving.inference.vllm.adapters import Adapter
from serving.inference.vllm.canary import PROMPTS, TOKENS, digest_of, output_hash
from serving.inference.vllm.errors import AdapterError, CanaryError, VllmError
from serving.inference.vllm.server import Held, Said, VllmServer
from serving.inference.vllm.state import LoadedAdapter, ServerState, VllmHome

# What rounding alone may change in the logarithm of a probability.
_NOISE = 1e-5
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """An adapter that answers now, and those of its name that are still loaded."""

    loaded: LoadedAdapter
    replaced: tuple[LoadedAdapter, ...]


def served_name(adapter: Adapter) -> str:
    """What vLLM calls an adapter.

    The hash is in it, because vLLM keeps prefixes by the adapter's name: another adapter of the same name would go on from
    what the old one had read.
    """
    return f"{adapter.name}@{adapter.content_hash[:12]}"


def load_adapter(home: VllmHome, server: VllmServer, adapter: Adapter, *, drain_s: float, tell: Tell) -> Change:
    """Load an adapter. One of the same name goes on answering until it is unloaded, so that nobody asks for what is gone.

    Args:
        home: What is known of the server.
        server: The server.
        adapter: What to load.
        drain_s: How long running answers may take to end.
        tell: Is told what happens.

    Returns:
        The adapter as it answers now, and those that it replaces.

    Raises:
        AdapterError: The server does not take it.
        BusyError: The running answers did not end, or somebody else changes adapters.
        CanaryError: It did not answer as it must; it is unloaded again.
        ServerError: The server does not answer.
    """
    path = home.own_copy(adapter)
    tell(f"waiting for running answers to end, {drain_s:.0f} s at most")
    with server.held(drain_s=drain_s) as held:
        state = known_state(home)
        _check_room(state, adapter)
        name = served_name(adapter)
        loaded = LoadedAdapter(name=adapter.name, served_name=name, path=path, content_hash=adapter.content_hash)
        present = server.models()
        others = [state.model, *(one.served_name for one in state.adapters if one.served_name in present)]
        others = [one for one in others if one != name]
        before = {one: _canary(held, one) for one in others}
        try:
            if name not in present:
                tell(f"loading {name}")
                held.load_adapter(name, str(path))
            tell(f"asking {name} and what was there before the canary")
            said = _canary(held, name)
            _check_unchanged(held, before, name)
            _prove(home, held, state, loaded, said, before[state.model])
        except AdapterError:
            _check_unchanged(held, before, name)
            raise
        except BaseException:
            _forget(held, name)
            home.keep(state.with_adapters([one for one in state.adapters if one.served_name != name]))
            raise
        replaced = tuple(one for one in state.adapters if one.name == adapter.name and one.served_name != name)
        kept = [one for one in state.adapters if one.served_name != name]
        home.keep(state.with_adapters([*kept, loaded]))
        return Change(loaded, replaced)


def unload_adapter(home: VllmHome, server: VllmServer, adapter: LoadedAdapter, *, drain_s: float) -> None:
    """Unload an adapter; bots must not be sent to it any more.

    Raises:
        AdapterError: It is not loaded.
        BusyError: The running answers did not end, or somebody else changes adapters.
        ServerError: The server does not answer.
    """
    with server.held(drain_s=drain_s) as held:
        if adapter.served_name in server.models():
            held.unload_adapter(adapter.served_name)
        state = known_state(home)
        home.keep(state.with_adapters([one for one in state.adapters if one.served_name != adapter.served_name]))


def named(state: ServerState, name: str) -> list[LoadedAdapter]:
    """The adapters of a name, the newest last.

    Raises:
        AdapterError: There is none.
    """
    found = [one for one in state.adapters if one.name == name]
    if not found:
        there = ", ".join(one.name for one in state.adapters) or "none"
        raise AdapterError(f"No adapter {name!r} is loaded; there is: {there}")
    return found


def known_state(home: VllmHome) -> ServerState:
    """The server as it was started.

    Raises:
        AdapterError: None was.
    """
    state = home.state()
    if state is None:
        raise AdapterError("No vLLM server was started here; pixel up --with vllm --model NAME_OR_PATH starts one")
    return state


def _check_room(state: ServerState, adapter: Adapter) -> None:
    if not state.max_rank:
        raise AdapterError("The vLLM server was started without adapters; set PIXEL_VLLM_MAX_LORAS and start it again")
    others = {one.name for one in state.adapters} - {adapter.name}
    if len(others) >= state.max_adapters:
        raise AdapterError(
            f"The vLLM server holds {state.max_adapters} adapters already ({', '.join(sorted(others))}); unload one with "
            "pixel vllm unload NAME, or set PIXEL_VLLM_MAX_LORAS and start it again"
        )
    if adapter.rank > state.max_rank:
        raise AdapterError(
            f"Adapter {adapter.name} has rank {adapter.rank}; the server takes up to {state.max_rank}. Start it again "
            f"with --adapter {adapter.name}={adapter.path}"
        )


def _canary(held: Held, model: str) -> list[Said]:
    return [held.say(model, prompt, tokens=TOKENS) for prompt in PROMPTS]


def _check_unchanged(held: Held, before: dict[str, list[Said]], name: str) -> None:
    """Whether everything that was there answers as it did.

    Raises:
        CanaryError: Something does not.
    """
    for model, said in before.items():
        if [one.text for one in _canary(held, model)] != [one.text for one in said]:
            raise CanaryError(
                f"Since {name} was loaded, {model} answers otherwise than before; {name} was unloaded. Restart the server "
                "with pixel vllm stop and pixel up --with vllm"
            )


def _prove(
    home: VllmHome, held: Held, state: ServerState, adapter: LoadedAdapter, said: list[Said], base: list[Said]
) -> None:
    if not any(_differ(ours, theirs) for ours, theirs in zip(said, base, strict=True)):
        raise CanaryError(
            f"The adapter {adapter.name} answers exactly as {state.model} does, so its weights have no effect; it was "
            "unloaded. Is it an adapter of this model?"
        )
    digest = digest_of(state, adapter.content_hash)
    found, known = output_hash(said), home.canary(digest)
    if known is None:
        home.keep_canary(digest, found)
    elif known != found:
        raise CanaryError(
            f"The adapter {adapter.name} answers otherwise than when it was first proven (canary {found[:12]}, expected "
            f"{known[:12]}); it was unloaded. Restart the server with pixel vllm stop and pixel up --with vllm"
        )


def _differ(ours: Said, theirs: Said) -> bool:
    if ours.text != theirs.text or len(ours.logprobs) != len(theirs.logprobs):
        return True
    return any(
        not math.isclose(one, other, rel_tol=0, abs_tol=_NOISE)
        for one, other in zip(ours.logprobs, theirs.logprobs, strict=True)
    )


def _forget(held: Held, name: str) -> None:
    """Unload what must not answer; a server that cannot even do that has lost it already."""
    try:
        held.unload_adapter(name)
    except VllmError:
        return
