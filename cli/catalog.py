"""The services of an installation, in the order in which they start."""

import sys
from pathlib import Path

from cli.processes import Service
from cli.settings import cli_settings
from serving.settings import ServingSettings, serving_settings
from storage.settings import StorageSettings

VLLM = "vllm"
VLLM_TITLE, VLLM_PORT_SETTING = "vLLM server", "PIXEL_VLLM_PORT"
# Stopped from the last to the first: what answers goes after those who ask it.
NAMES = (VLLM, "api", "worker", "dashboards", "dagster-webserver", "dagster-daemon")


def services(settings: StorageSettings) -> dict[str, Service]:
    """All services by name."""
    from orchestration.instance import daemon_command, dagster_home, webserver_command

    pixel = (sys.executable, "-m", "cli")
    api, own = serving_settings(), cli_settings()
    home = dagster_home(settings)
    app = Path(__file__).parents[1] / "dashboards" / "server.py"
    streamlit = (
        "-m", "streamlit", "run", str(app),
        "--server.address=127.0.0.1", f"--server.port={own.dashboard_port}", "--server.headless=true",
        "--browser.gatherUsageStats=false", "--server.fileWatcherType=none", "--client.toolbarMode=minimal",
    )  # fmt: skip
    listed = (
        Service("api", (*pixel, "run", "api"), "API", api.port, "PIXEL_API_PORT", "/ready"),
        Service("worker", (*pixel, "run", "worker"), "ingestion worker"),
        Service(
            "dashboards", (sys.executable, *streamlit), "dashboards",
            own.dashboard_port, "PIXEL_DASHBOARD_PORT", "/_stcore/health", _where_the_api_is(api),
        ),
        Service(
            "dagster-webserver", tuple(webserver_command(settings, own.dagster_port)), "Dagster webserver",
            own.dagster_port, "PIXEL_DAGSTER_PORT", "/server_info", {"DAGSTER_HOME": str(home)},
        ),
        Service(
            "dagster-daemon", tuple(daemon_command(settings)), "Dagster daemon",
            environment={"DAGSTER_HOME": str(home)},
        ),
    )  # fmt: skip
    return {service.name: service for service in listed}


def _where_the_api_is(api: ServingSettings) -> dict[str, str]:
    """The dashboards follow the API to another port or host, unless they were told where it is."""
    from dashboards.settings import dashboard_settings

    if "api_url" in dashboard_settings().model_fields_set:
        return {}
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(api.host, api.host)  # noqa: S104 - compared, not listened on
    return {"PIXEL_DASHBOARD_API_URL": f"http://{host}:{api.port}"}


def vllm_service(settings: StorageSettings) -> Service | None:
    """The vLLM server as it was started last; None when it never was."""
    from serving.inference.vllm.settings import vllm_settings
    from serving.inference.vllm.state import VllmHome

    home = VllmHome(settings)
    state = home.state()
    if state is None:
        return None
    # Not on the command line, which every user of the machine can read.
    keys = {"PIXEL_DOOR_KEY": home.key(), "VLLM_API_KEY": home.key()}
    return Service(
        VLLM, state.arguments, VLLM_TITLE, state.port, VLLM_PORT_SETTING, "/health",
        environment={**state.variables, **keys},
        start_timeout_s=vllm_settings().start_seconds,
        knows_settings=False,
    )  # fmt: skip
