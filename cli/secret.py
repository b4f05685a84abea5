"""`pixel secret`: the keys that the secrets of connections are encrypted with."""

from typing import Annotated

import typer

from cli.console import emit, say

app = typer.Typer(help="The keys that the secrets of connections are encrypted with.", no_args_is_help=True)


@app.callback()
def secret() -> None:
    """The keys that the secrets of connections are encrypted with."""


@app.command()
def rotate(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Make a new key and wrap every organization's data key with it; nothing has to be stopped.

    Keys from PIXEL_SECRET_KEY are changed there: put the new one before the old one, and then run this.
    """
    from cli.environment import workplace
    from storage.postgres.session import owner_session
    from storage.secrets.vault import rewrap
    from storage.secrets.wrapping_keys import add_wrapping_key, wrapping_keys

    with workplace() as place:
        is_set = place.settings.secret_key is not None
        keys = wrapping_keys(place.settings) if is_set else add_wrapping_key(place.settings)
        with owner_session(place.stores.owner) as session:
            count = rewrap(session, keys)
    if as_json:
        emit({"key": keys.current.name, "rewrapped": count})
    else:
        say(f"{count} data keys are wrapped with the key {keys.current.name} now; keep a copy of the new key.")
