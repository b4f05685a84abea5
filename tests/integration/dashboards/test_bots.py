"""The page Bots: what bots are, and who may ask them."""

from typing import Any

import httpx2
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Checkbox

from dashboards import bots_strings as words
from tests.integration.conftest import Tenant, client
from tests.integration.dashboards.conftest import SignIn
from tests.integration.dashboards.test_managing import click
from tests.integration.dashboards.test_pages import texts

PAGE = "app_pages/bots.py"


def bot_of(tenant: Tenant) -> Any:
    """The tenant's bot, as the API has it."""
    return tenant.owner.get(f"/api/v1/chatbots/{tenant.chatbot_id}").json()


def labels(at: AppTest) -> set[str]:
    """What can be pressed."""
    return {str(button.label) for button in at.button}


def save(at: AppTest) -> Button:
    """The button under what a bot reads."""
    return next(button for button in at.button if button.label == words.READING_SAVE)


def sure(at: AppTest) -> Checkbox:
    """The box that gives the yes."""
    return next(box for box in at.checkbox if box.label == words.SURE)


def about(api_url: str, tenant: Tenant) -> httpx2.Response:
    """What a stranger is told of the bot."""
    with client(api_url) as stranger:
        return stranger.get(f"/chat/{tenant.chatbot_id}/about")


class TestPublishing:
    def test_a_bot_is_published_with_its_limits_and_closed_again(
        self, api_url: str, tenant: Tenant, sign_in: SignIn
    ) -> None:
        at = sign_in("builder").switch_page(PAGE).run()
        assert not at.exception
        assert "without an account" in texts(at)
        assert words.PUBLISH_ALL in texts(at)
        assert at.code[0].value == f"{api_url}/chat/assistant?organization={tenant.organization.slug}"
        assert next(button for button in at.button if button.label == words.DO_PUBLISH).disabled
        assert about(api_url, tenant).status_code == 404
        at.number_input(key=f"bots_one-{tenant.chatbot_id}").set_value(7)
        at.number_input(key=f"bots_all-{tenant.chatbot_id}").set_value(70)
        at.checkbox(key=f"bots_sure-{tenant.chatbot_id}").check().run()
        click(at, words.DO_PUBLISH)
        assert not at.exception
        assert at.code[0].value == f"{api_url}/chat/{tenant.chatbot_id}"
        bot = bot_of(tenant)
        assert (bot["access"], bot["status"]) == ("anyone", "published")
        assert (bot["daily_questions_per_visitor"], bot["daily_questions_of_all_visitors"]) == (7, 70)
        assert about(api_url, tenant).status_code == 200
        click(at, words.DO_UNPUBLISH)
        assert not at.exception
        assert bot_of(tenant)["access"] == "members"
        assert about(api_url, tenant).status_code == 404
        assert words.DO_PUBLISH in labels(at)

    def test_limits_change_while_it_is_open(self, tenant: Tenant, sign_in: SignIn) -> None:
        tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"access": "anyone"})
        at = sign_in("owner").switch_page(PAGE).run()
        at.number_input(key=f"bots_one-{tenant.chatbot_id}").set_value(3)
        click(at, words.SAVE_LIMITS)
        assert bot_of(tenant)["daily_questions_per_visitor"] == 3

    def test_a_draft_is_opened_to_everybody(self, api_url: str, tenant: Tenant, sign_in: SignIn) -> None:
        tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"status": "draft"})
        at = sign_in("owner").switch_page(PAGE).run()
        assert words.PUBLISH_DRAFT in texts(at)
        # As the table says, members can ask a draft; nobody else can.
        asked = tenant.viewer.post("/api/v1/conversations", json={"chatbot_id": tenant.chatbot_id})
        assert asked.status_code == 201
        assert about(api_url, tenant).status_code == 404
        assert at.dataframe[0].value[words.COLUMNS["access"]].to_list() == [words.DRAFT]
        at.checkbox(key=f"bots_sure-{tenant.chatbot_id}").check().run()
        click(at, words.DO_PUBLISH)
        assert about(api_url, tenant).status_code == 200

    def test_the_link_is_the_one_that_browsers_reach(
        self, tenant: Tenant, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIXEL_DASHBOARD_CHAT_URL", "https://bots.example.com/")
        at = sign_in("owner").switch_page(PAGE).run()
        assert at.code[0].value.startswith("https://bots.example.com/chat/assistant")


class TestReading:
    def test_the_bot_that_is_chosen_stays_chosen_and_reads_what_is_said(self, tenant: Tenant, sign_in: SignIn) -> None:
        made = tenant.owner.post("/api/v1/chatbots", json={"name": "Zoe *x*", "slug": "zoe"}).json()
        at = sign_in("builder").switch_page(PAGE).run()
        assert at.dataframe[0].value[words.COLUMNS["bases"]].to_list() == [words.ALL_BASES, words.NO_BASES]
        assert at.dataframe[0].value[words.COLUMNS["model"]].to_list() == [words.QUOTES] * 2
        at.selectbox(key="bots_bot").select_index(1).run()
        at.multiselect(key=f"bots_bases-{made['id']}").select("Default").run()
        click(at, words.READING_SAVE)
        assert not at.exception
        shown = tenant.owner.get(f"/api/v1/chatbots/{made['id']}").json()
        assert shown["config"]["knowledge_base_ids"] == [tenant.knowledge_base_id]
        assert "Zoe \\*x\\*" in texts(at)
        assert words.PUBLISH_ALL not in texts(at)

    def test_an_open_bot_reads_more_after_a_yes_only(self, tenant: Tenant, sign_in: SignIn) -> None:
        made = [tenant.owner.post("/api/v1/knowledge-bases", json={"name": n, "slug": n}).json()["id"] for n in "ab"]
        path = f"/api/v1/chatbots/{tenant.chatbot_id}"
        config = {"reads_all_knowledge_bases": False, "knowledge_base_ids": [tenant.knowledge_base_id]}
        tenant.owner.patch(path, json={**config, "access": "anyone"})
        at = sign_in("builder").switch_page(PAGE).run()
        assert not save(at).disabled
        at.multiselect(key=f"bots_bases-{tenant.chatbot_id}").select("a").run()
        assert words.READING_OPEN.format(bases="Default, a") in texts(at)
        assert save(at).disabled
        sure(at).check().run()
        assert not save(at).disabled
        # Another choice is another yes.
        at.multiselect(key=f"bots_bases-{tenant.chatbot_id}").select("b").run()
        assert save(at).disabled
        assert bot_of(tenant)["config"]["knowledge_base_ids"] == [tenant.knowledge_base_id]
        sure(at).check().run()
        click(at, words.READING_SAVE)
        assert bot_of(tenant)["config"]["knowledge_base_ids"] == [tenant.knowledge_base_id, *made]
        at.checkbox(key=f"bots_reads_all-{tenant.chatbot_id}").check().run()
        assert words.READING_OPEN_ALL in texts(at)
        assert save(at).disabled
        sure(at).check().run()
        click(at, words.READING_SAVE)
        assert bot_of(tenant)["config"]["reads_all_knowledge_bases"]
        # Reading less opens nothing.
        at.checkbox(key=f"bots_reads_all-{tenant.chatbot_id}").uncheck().run()
        assert not save(at).disabled

    def test_an_archived_base_is_sent_along_and_blocks_nothing(self, tenant: Tenant, sign_in: SignIn) -> None:
        old, other = (
            tenant.owner.post("/api/v1/knowledge-bases", json={"name": n, "slug": n}).json()["id"] for n in "ab"
        )
        path = f"/api/v1/chatbots/{tenant.chatbot_id}"
        config = {"reads_all_knowledge_bases": False, "knowledge_base_ids": [old]}
        assert tenant.owner.patch(path, json=config).status_code == 200
        assert tenant.owner.delete(f"/api/v1/knowledge-bases/{old}").status_code == 204
        at = sign_in("builder").switch_page(PAGE).run()
        at.multiselect(key=f"bots_bases-{tenant.chatbot_id}").select("b").run()
        click(at, words.READING_SAVE)
        assert not at.exception
        assert bot_of(tenant)["config"]["knowledge_base_ids"] == [other, old]

    def test_models_are_named(self, tenant: Tenant, sign_in: SignIn) -> None:
        connection = tenant.owner.post("/api/v1/model-connections", json={"name": "c", "provider": "ollama"}).json()
        body = {"connection_id": connection["id"], "name": "tiny", "display_name": "Tiny one"}
        model = tenant.owner.post("/api/v1/models", json=body).json()
        routing = {"candidates": [{"model_id": model["id"]}]}
        patched = tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"routing": routing})
        assert patched.status_code == 200, patched.text
        at = sign_in("owner").switch_page(PAGE).run()
        assert at.dataframe[0].value[words.COLUMNS["model"]].to_list() == [f"Tiny one, {words.QUOTES}"]


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "has"), [("owner", True), ("builder", True), ("analyst", False), ("agent", False), ("viewer", False)]
    )
    def test_who_may_change_bots_gets_the_page(self, tenant: Tenant, sign_in: SignIn, role: str, has: bool) -> None:
        assert ("bots" in sign_in(role).session_state["identity"].pages) == has
