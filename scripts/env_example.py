"""Prints `.env.example`: every setting with its default and what it is for.

python -m scripts.env_example > .env.example
"""

from collections.abc import Iterator

from pydantic_settings import BaseSettings

from cli.settings import CliSettings
from dashboards.settings import DashboardSettings
from evals.settings import EvalSettings
from ingestion.embedding.settings import EmbeddingSettings
from ingestion.language.settings import LanguageSettings
from ingestion.settings import IngestSettings
from ingestion.sources.settings import SourceSettings
from orchestration.settings import OrchestrationSettings
from serving.inference.vllm.settings import VllmSettings
from serving.settings import ServingSettings
from storage.backup.settings import BackupSettings
from storage.settings import StorageSettings

SETTINGS: tuple[type[BaseSettings], ...] = (
    StorageSettings,
    BackupSettings,
    IngestSettings,
    SourceSettings,
    EmbeddingSettings,
    ServingSettings,
    LanguageSettings,
    VllmSettings,
    EvalSettings,
    OrchestrationSettings,
    DashboardSettings,
    CliSettings,
)


def lines() -> Iterator[str]:
    """The file, line by line."""
    yield "# Every setting of Pixel AI Creator; all are optional. Copy to .env and change what you need."
    shown: set[str] = set()
    for settings in SETTINGS:
        yield ""
        yield f"# {(settings.__doc__ or '').strip().splitlines()[0]}"
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            variable = f"{prefix}{name.upper()}"
            if variable in shown:  # two areas read it
                continue
            shown.add(variable)
            default = "" if field.default is None else field.default
            yield f"# {field.description}"
            yield f"#{variable}={default}"


if __name__ == "__main__":
    print("\n".join(lines()))
