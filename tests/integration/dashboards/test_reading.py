"""The progress of what is being read, as a person sees it."""

from dashboards import strings
from ingestion.worker import run_until_idle
from storage.stores import Stores
from tests.integration.conftest import Tenant, upload
from tests.integration.dashboards.conftest import SignIn


class TestReading:
    def test_a_bar_while_documents_wait_and_none_after(self, sign_in: SignIn, tenant: Tenant, stores: Stores) -> None:
        upload(tenant, "waiting.md", b"# Ink\n\nInk costs four euros.")
        at = sign_in("builder")
        at.switch_page("app_pages/knowledge.py").run()
        assert not at.exception
        (bar,) = at.get("progress")
        assert "waiting" in bar.proto.text
        assert strings.READING_DOCUMENTS.format(done=0, total=1) in bar.proto.text
        assert strings.READING_CANCEL in [button.label for button in at.button]

        run_until_idle(stores, organization_id=tenant.organization.id)
        at.run()

        assert not at.exception
        assert not at.get("progress")

    def test_stopped_it_is_not_read(self, sign_in: SignIn, tenant: Tenant, stores: Stores) -> None:
        upload(tenant, "waiting.md", b"# Ink\n\nInk costs four euros.")
        at = sign_in("builder")
        at.switch_page("app_pages/knowledge.py").run()

        next(button for button in at.button if button.label == strings.READING_CANCEL).click().run()
        assert not at.exception
        run_until_idle(stores, organization_id=tenant.organization.id)

        (row,) = tenant.owner.get(f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents").json()
        assert row["state"] == "cancelled"
