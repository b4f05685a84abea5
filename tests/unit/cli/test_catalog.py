"""Tests of what services are told about each other."""

import pytest

from cli.catalog import services
from serving.settings import serving_settings
from storage.settings import StorageSettings


@pytest.fixture
def dashboards_url(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str | None:
    """Where the dashboards look for the API, with the settings that the test gives."""
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)
    serving_settings.cache_clear()
    try:
        told = services(StorageSettings(_env_file=None))["dashboards"].environment or {}
        return told.get("PIXEL_DASHBOARD_API_URL")
    finally:
        serving_settings.cache_clear()


class TestServices:
    @pytest.mark.parametrize(
        ("dashboards_url", "expected"),
        [
            ({}, "http://127.0.0.1:8000"),
            ({"PIXEL_API_PORT": "8765"}, "http://127.0.0.1:8765"),
            ({"PIXEL_API_PORT": "8765", "PIXEL_API_HOST": "0.0.0.0"}, "http://127.0.0.1:8765"),  # noqa: S104
            ({"PIXEL_API_HOST": "::"}, "http://[::1]:8000"),
            ({"PIXEL_API_PORT": "8765", "PIXEL_DASHBOARD_API_URL": "https://api.example"}, None),
        ],
        indirect=["dashboards_url"],
    )
    def test_the_dashboards_follow_the_api_unless_told_otherwise(
        self, dashboards_url: str | None, expected: str | None
    ) -> None:
        assert dashboards_url == expected
