"""Sources over HTTP."""

import uuid
from typing import Any

import pytest

from ingestion.settings import ingest_settings
from ingestion.sources.sync import run_next
from serving.settings import ServingSettings
from serving.sources.errors import SourceSettingsError
from serving.sources.service import _checked
from storage.stores import Stores
from tests.integration.conftest import Tenant


def add(tenant: Tenant, *, kind: str = "urls", settings: Any = None, name: str = "Site") -> Any:
    body = {
        "knowledge_base_id": tenant.knowledge_base_id,
        "name": name,
        "kind": kind,
        "settings": settings or {"urls": ["http://127.0.0.1/a"]},
    }
    return tenant.owner.post("/api/v1/sources", json=body)


class TestSources:
    def test_add_change_sync_remove(self, tenant: Tenant, stores: Stores) -> None:
        made = add(tenant).json()
        path = f"/api/v1/sources/{made['id']}"
        asked = tenant.owner.post(f"{path}/sync")
        assert (asked.status_code, asked.json()["state"]) == (202, "queued")
        assert tenant.owner.post(f"{path}/sync").json() == asked.json()
        while run_next(stores, "test", settings=ingest_settings()):
            pass
        result = tenant.viewer.get(path).json()["last_result"]
        assert result["failed"] == 1
        assert "not public" in result["problems"][0]
        assert tenant.owner.patch(path, json={"is_enabled": False}).json()["is_enabled"] is False
        assert tenant.owner.post(f"{path}/sync").status_code == 409
        assert tenant.owner.delete(path).status_code == 204
        assert tenant.owner.get(path).status_code == 404

    def test_names_are_taken_once(self, tenant: Tenant) -> None:
        assert [add(tenant).status_code, add(tenant).status_code] == [201, 409]

    @pytest.mark.parametrize(
        ("kind", "where"),
        [
            ("folder", {"path": "/etc"}),
            ("bucket", {"url": "s3://somebody/else"}),
            ("bucket", {"url": "file:///etc"}),
            ("urls", {"urls": []}),
            ("urls", {"urls": ["file:///etc/passwd"]}),
            ("sitemap", {"url": "https://a.test/s.xml", "more": 1}),
        ],
    )
    def test_places_that_may_not_be_read_are_refused(self, tenant: Tenant, kind: str, where: Any) -> None:
        response = add(tenant, kind=kind, settings=where)
        assert (response.status_code, response.json()["type"]) == (400, "/problems/source-settings")

    def test_readers_look_and_change_nothing(self, tenant: Tenant) -> None:
        path = f"/api/v1/sources/{add(tenant).json()['id']}"
        assert tenant.viewer.get("/api/v1/sources").status_code == 200
        for method, where in (("POST", f"{path}/sync"), ("DELETE", path), ("PATCH", path)):
            assert tenant.viewer.request(method, where, json={}).status_code == 403
        assert tenant.owner.get(f"/api/v1/sources/{uuid.uuid4()}").status_code == 404


class TestPlaces:
    @pytest.mark.parametrize(
        ("path", "is_allowed"),
        [
            ("/data/docs", True), ("/data/docs/hr", True), ("/data/docs2", False), ("/data/docs/../secret", False),
            ("/data", False), ("data/docs", False),
        ],
    )  # fmt: skip
    def test_only_inside_what_the_operator_allows(self, path: str, is_allowed: bool) -> None:
        serving = ServingSettings(source_places="/data/docs, s3://manuals", _env_file=None)
        if is_allowed:
            assert _checked("folder", {"path": path}, serving) == {"path": path}
        else:
            with pytest.raises(SourceSettingsError):
                _checked("folder", {"path": path}, serving)
