"""Each page, as a person sees it."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import strings
from dashboards.components import sign_in as signing_in
from dashboards.data import identity as identities
from ingestion.worker import run_until_idle
from storage.stores import Stores
from tests.integration.conftest import POLICY, Tenant, ask, upload
from tests.integration.dashboards.conftest import SignIn, open_app

QUESTION = "How long is the warranty of the K5 grinder?"


def texts(at: AppTest) -> str:
    """All text of a page."""
    parts = [*at.markdown, *at.caption, *at.info, *at.error, *at.warning, *at.title, *at.subheader]
    return "\n".join(str(part.value) for part in parts)


class TestSignIn:
    def test_a_stranger_sees_the_form_only(self) -> None:
        at = open_app()
        assert not at.exception
        assert at.title[0].value == strings.APP_TITLE
        assert len(at.text_input) == 2

    def test_a_wrong_password_is_said(self) -> None:
        at = open_app()
        at.text_input[0].input("nobody@example.com")
        at.text_input[1].input("wrong")
        at.button[0].click().run()
        assert "E\\-mail or password is wrong" in at.error[0].value

    def test_an_api_that_is_away_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIXEL_DASHBOARD_API_URL", "http://127.0.0.1:9")
        at = open_app()
        at.text_input[0].input("nobody@example.com")
        at.text_input[1].input("wrong")
        at.button[0].click().run()
        assert "cannot be reached" in at.error[0].value

    @pytest.mark.parametrize(("role", "title"), [("owner", strings.OVERVIEW), ("viewer", strings.ASK)])
    def test_each_role_lands_on_its_first_page(self, sign_in: SignIn, role: str, title: str) -> None:
        at = sign_in(role)
        assert at.title[0].value == title
        assert "\\[x\\]" in texts(at)

    def test_signing_out_forgets(self, sign_in: SignIn) -> None:
        at = sign_in("viewer")
        next(button for button in at.button if button.label == strings.SIGN_OUT).click().run()
        assert len(at.text_input) == 2

    def test_whoever_loads_the_page_anew_stays_signed_in(
        self, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = sign_in("viewer").session_state["identity"]
        monkeypatch.setattr(signing_in, "kept_token", lambda: before.token)

        at = open_app()

        assert at.title[0].value == strings.ASK
        assert at.session_state["identity"] == before
        next(button for button in at.button if button.label == strings.SIGN_OUT).click().run()
        assert len(at.text_input) == 2

    def test_a_window_that_was_signed_out_does_not_go_back_to_its_cookie(
        self, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = sign_in("viewer")
        token = at.session_state["identity"].token
        monkeypatch.setattr(signing_in, "kept_token", lambda: token)
        monkeypatch.setattr(
            "serving.client.api_client.ApiClient.sign_out", lambda _: None
        )  # the API did not hear of it

        next(button for button in at.button if button.label == strings.SIGN_OUT).click().run()

        assert len(at.text_input) == 2

    @pytest.mark.parametrize("token", ["", "ps_unknown", "no token at all"])
    def test_a_cookie_of_no_session_leads_to_the_form(self, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(signing_in, "kept_token", lambda: token)

        at = open_app()

        assert not at.exception
        assert len(at.text_input) == 2

    def test_an_ended_session_leads_back(self, sign_in: SignIn) -> None:
        at = sign_in("viewer")
        person = at.session_state["identity"]
        assert isinstance(person, identities.Identity)
        with person.client() as client:
            client.sign_out()
        at.run()
        assert at.warning[0].value == strings.SESSION_ENDED
        assert len(at.text_input) == 2


class TestAsk:
    def test_an_answer_shows_its_source_and_takes_a_thumb(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("viewer")
        at.chat_input[0].set_value(QUESTION).run()
        assert not at.exception
        assert "60 months" in texts(at)
        source = next(button for button in at.button if "policy" in button.label)
        source.click().run()
        assert not at.exception
        assert "Warranty" in texts(at)
        assert "blue-background" in texts(at)

    def test_a_refusal_has_no_source(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("viewer")
        at.chat_input[0].set_value("Who painted the ceiling of the Sistine Chapel?").run()
        assert "I don't know" in texts(at)
        assert strings.ASK_RELATED in texts(at)

    def test_a_new_conversation_starts_empty(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("viewer")
        at.chat_input[0].set_value(QUESTION).run()
        next(button for button in at.button if button.label == strings.ASK_NEW).click().run()
        assert "60 months" not in texts(at)

    def test_text_of_a_document_is_never_interpreted(self, tenant: Tenant, stores: Stores, sign_in: SignIn) -> None:
        upload(tenant, "evil.md", b"The office plant is watered ![x](http://127.0.0.1:9/leak?d=secret) on Mondays.")
        run_until_idle(stores, organization_id=tenant.organization.id)
        at = sign_in("viewer")
        at.chat_input[0].set_value("When is the office plant watered?").run()
        assert "on Mondays" in texts(at)
        assert "](http" not in texts(at)


class TestConversations:
    def test_a_receipt_shows_the_chain(self, informed: Tenant, sign_in: SignIn) -> None:
        ask(informed, QUESTION)
        at = sign_in("analyst").switch_page("app_pages/conversations.py").run()
        assert "60 months" in texts(at)
        at.toggle[0].set_value(True).run()
        assert not at.exception
        shown = texts(at)
        assert all(word in shown for word in ("Index version", "extractive", "Evidence", "Tokens"))
        next(button for button in at.button if "policy" in button.label).click().run()
        assert "Warranty" in texts(at)

    def test_none_yet_is_said(self, sign_in: SignIn) -> None:
        at = sign_in("agent").switch_page("app_pages/conversations.py").run()
        assert at.info[0].value == strings.CONVERSATIONS_EMPTY


class TestKnowledge:
    def test_documents_failures_and_versions(self, informed: Tenant, stores: Stores, sign_in: SignIn) -> None:
        upload(informed, "empty.pdf", b"")
        run_until_idle(stores, organization_id=informed.organization.id)
        at = sign_in("builder").switch_page("app_pages/knowledge.py").run()
        assert not at.exception
        rows = at.dataframe[0].value
        assert dict(zip(rows[strings.COLUMN_DOCUMENT], rows[strings.COLUMN_STATE], strict=True)) == {
            "empty.pdf": "not readable",
            "policy.md": "ready",
        }
        assert "**empty\\.pdf**" in texts(at)

    def test_deleting_asks_first(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page("app_pages/knowledge.py").run()
        sure = next(button for button in at.button if button.label == strings.KNOWLEDGE_DELETE_SURE)
        assert informed.owner.get("/api/v1/knowledge-bases").json()[0]["documents"] == 1
        sure.click().run()
        assert informed.owner.get("/api/v1/knowledge-bases").json()[0]["documents"] == 0

    def test_an_analyst_may_look_but_not_change(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page("app_pages/knowledge.py").run()
        assert len(at.dataframe) == 1
        assert strings.KNOWLEDGE_DELETE_SURE not in {button.label for button in at.button}

    def test_an_empty_one_says_what_to_do(self, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page("app_pages/knowledge.py").run()
        assert at.info[0].value == strings.KNOWLEDGE_EMPTY

    def test_a_held_version_is_accepted(self, informed: Tenant, stores: Stores, sign_in: SignIn) -> None:
        upload(informed, "policy.md", POLICY.translate(str.maketrans("aeiouy", "xzqkvw")).encode())
        run_until_idle(stores, organization_id=informed.organization.id)
        at = sign_in("builder").switch_page("app_pages/knowledge.py").run()
        assert "waits for your decision" in at.warning[0].value
        assert strings.VERSION_ACTIONS["discard"] in {button.label for button in at.button}
        next(button for button in at.button if button.label == strings.VERSION_ACTIONS["accept"]).click().run()
        assert not at.exception
        run_until_idle(stores, organization_id=informed.organization.id)
        at.run()
        assert not at.warning
        assert strings.VERSION_ACTIONS["make-current"].format(number=1) in {button.label for button in at.button}

    def test_an_analyst_sees_a_held_version_and_no_buttons(
        self, informed: Tenant, stores: Stores, sign_in: SignIn
    ) -> None:
        upload(informed, "policy.md", POLICY.translate(str.maketrans("aeiouy", "xzqkvw")).encode())
        run_until_idle(stores, organization_id=informed.organization.id)
        at = sign_in("analyst").switch_page("app_pages/knowledge.py").run()
        assert "waits for a decision" in at.warning[0].value
        assert strings.VERSION_ACTIONS["accept"] not in {button.label for button in at.button}

    def test_differences_are_marked_and_never_interpreted(
        self, informed: Tenant, stores: Stores, sign_in: SignIn
    ) -> None:
        upload(informed, "policy.md", POLICY.replace("45 days", "50 days ![x](http://127.0.0.1:9/leak)").encode())
        run_until_idle(stores, organization_id=informed.organization.id)
        at = sign_in("analyst").switch_page("app_pages/knowledge.py").run()
        at.toggle[0].set_value(True).run()
        assert not at.exception
        assert ":red[~~45~~]" in texts(at)
        assert ":green-background[50]" in texts(at) or ":green-background[50 " in texts(at)
        assert "](http" not in texts(at)

    def test_duplicates_and_findings_are_shown(self, informed: Tenant, stores: Stores, sign_in: SignIn) -> None:
        page = "<html><body><h1>Hours</h1><p>We open at nine.</p><p style='display:none'>secret</p></body></html>"
        upload(informed, "hours.html", page.encode())
        upload(informed, "copy.md", POLICY.encode())
        run_until_idle(stores, organization_id=informed.organization.id)
        at = sign_in("analyst").switch_page("app_pages/knowledge.py").run()
        assert strings.DUPLICATES_EXACT in texts(at)
        box = next(box for box in at.selectbox if box.label == strings.KNOWLEDGE_DOCUMENT)
        box.select_index(1).run()
        assert not at.exception
        assert strings.FINDINGS["hidden_text"] in texts(at)
