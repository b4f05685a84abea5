"""Prints `.env.example`: every setting with its default and what it is for.

python -m scripts.env_example > .env.example
"""

from collections.abc import Iterator

from pydantic_settings import BaseSettings

from cli.settings import CliSettings
from dashboards.settings import DashboardSettings
from ingestion.settings import IngestSettings
from orchestration.settings import OrchestrationSettings
from serving.settings import ServingSettings
from storage.settings import StorageSettings

SETTINGS: tuple[type[BaseSettings], ...] = (
    StorageSettings,
    IngestSettings,
    ServingSettings,
    OrchestrationSettings,
    DashboardSettings,
    CliSettings,
)


def lines() -> Iterator[str]:
    """The file, line by line."""
    yield "# Every setting of Pixel AI Creator; all are optional. Copy to .env and change what you need."
    for settings in SETTINGS:
        yield ""
        yield f"# {(settings.__doc__ or '').strip().splitlines()[0]}"
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            default = "" if field.default is None else field.default
            yield f"# {field.description}"
            yield f"#{prefix}{name.upper()}={default}"


if __name__ == "__main__":
    print("\n".join(lines()))
