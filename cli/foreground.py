"""`pixel run …`: one process in the foreground. `pixel up` starts these; people rarely type them."""

import typer

app = typer.Typer(help="One process in the foreground.", no_args_is_help=True)


@app.command()
def api() -> None:
    """The API."""
    import gc

    # What is loaded from here on stays: to look for garbage among it is a tenth of the start. The API looks again once warm.
    gc.disable()
    from serving.server import serve
    from serving.settings import serving_settings
    from storage.event_log import configure
    from storage.settings import storage_settings

    configure(storage_settings(), "api")
    serve(storage_settings(), serving_settings())


@app.command()
def worker() -> None:
    """The worker: takes documents in, builds index versions and runs their gates until it is told to stop."""
    import signal
    import threading

    from evals.gates.run import gating
    from ingestion.worker import run_forever
    from storage.event_log import configure
    from storage.settings import storage_settings
    from storage.stores import open_stores

    configure(storage_settings(), "worker")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stores = open_stores(storage_settings())
    try:
        with gating(stores, stop):
            run_forever(stores, stop)
    finally:
        stores.close()
