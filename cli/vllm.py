"""`pixel vllm`: the model server that `pixel up --with vllm` started."""

import time
from typing import Annotated, Any

import typer

from cli.console import emit, say
from cli.errors import fail

app = typer.Typer(help="The vLLM server of this machine and its adapters.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
DrainSeconds = Annotated[
    float | None, typer.Option(min=0, max=600, help="how long running answers may take to end first")
]
# Between a bot's choice of a model and its request there is less time than this.
_GRACE_S = 1.0


@app.command()
def status(as_json: AsJson = False) -> None:
    """What the server answers as, on what, and how much it does now."""
    from serving.inference.vllm.server import VllmServer
    from serving.inference.vllm.state import VllmHome
    from storage.settings import storage_settings

    home = VllmHome(storage_settings())
    state = home.state()
    if state is None:
        fail("No vLLM server was started here; pixel up --with vllm --model NAME_OR_PATH starts one")
    with VllmServer(state.url, home.key()) as server:
        is_healthy = server.is_healthy()
        load = server.load() if is_healthy else None
    shown: dict[str, Any] = {
        "url": state.url,
        "healthy": is_healthy,
        "model": state.model,
        "device": state.device,
        "max_model_len": state.max_model_len,
        "max_running": state.max_running,
        "running": load.running if load else None,
        "waiting": load.waiting if load else None,
        "adapters": [
            {"name": one.name, "served_name": one.served_name, "content_hash": one.content_hash}
            for one in state.adapters
        ],
    }
    if as_json:
        emit(shown)
        return
    say(f"{state.url}  {'answers' if is_healthy else 'does not answer'}  {state.model} on {state.device}")
    if load is not None:
        say(f"running     {load.running} of {state.max_running}, {load.waiting} wait")
    for one in state.adapters:
        say(f"adapter     {one.name:<20} {one.content_hash[:12]}")


@app.command()
def load(
    adapter: Annotated[str, typer.Argument(help="a LoRA adapter, as NAME=PATH", show_default=False)],
    drain_seconds: DrainSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Load an adapter once running answers have ended, prove it with a canary, and let bots use it.

    One of the same name is replaced: bots that answer with it answer with the new one from their next question on.
    """
    from cli.vllm_server import register
    from serving.inference.vllm.adapters import parse_adapter
    from serving.inference.vllm.changing import known_state, load_adapter, unload_adapter
    from serving.inference.vllm.server import VllmServer
    from serving.inference.vllm.settings import vllm_settings
    from serving.inference.vllm.state import VllmHome
    from storage.settings import storage_settings

    settings = storage_settings()
    home, read = VllmHome(settings), parse_adapter(adapter)
    state = known_state(home)
    if read.name == state.model:
        fail(f"The model itself is called {read.name}; give the adapter another name")
    drain_s = vllm_settings().drain_seconds if drain_seconds is None else drain_seconds
    with VllmServer(state.url, home.key()) as server:
        change = load_adapter(home, server, read, drain_s=drain_s, tell=(lambda _: None) if as_json else say)
        models = register(settings)
        if change.replaced:
            time.sleep(_GRACE_S)
        for old in change.replaced:
            unload_adapter(home, server, old, drain_s=drain_s)
    if as_json:
        shown = change.loaded.model_dump(mode="json", exclude={"path"})
        emit({**shown, "model_id": models[read.name], "replaced": [old.served_name for old in change.replaced]})
    else:
        say(f"{read.name} answers as model {models[read.name]}")


@app.command()
def unload(
    name: Annotated[str, typer.Argument(help="the adapter's name", show_default=False)],
    drain_seconds: DrainSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Switch an adapter off for bots and unload it once running answers have ended."""
    from cli.vllm_server import register
    from serving.inference.vllm.changing import known_state, named, unload_adapter
    from serving.inference.vllm.server import VllmServer
    from serving.inference.vllm.settings import vllm_settings
    from serving.inference.vllm.state import VllmHome
    from storage.settings import storage_settings

    settings = storage_settings()
    home = VllmHome(settings)
    state = known_state(home)
    found = named(state, name)
    register(settings, without=name)
    time.sleep(_GRACE_S)
    drain_s = vllm_settings().drain_seconds if drain_seconds is None else drain_seconds
    try:
        with VllmServer(state.url, home.key()) as server:
            for one in found:
                unload_adapter(home, server, one, drain_s=drain_s)
    except Exception:
        register(settings)  # it still answers
        raise
    if as_json:
        emit({"unloaded": [one.served_name for one in found]})
    else:
        say(f"{name} is unloaded")


@app.command()
def stop(as_json: AsJson = False) -> None:
    """Stop the server alone; running answers have 20 s to end."""
    from cli import catalog, processes
    from storage.settings import storage_settings

    was_running = processes.stop(storage_settings(), catalog.VLLM)
    if as_json:
        emit({"stopped": was_running})
    else:
        say("stopped" if was_running else "it was not running")
