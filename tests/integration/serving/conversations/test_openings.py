"""Conversation templates and canned replies, over HTTP."""

from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant
from tests.integration.serving.conversations.talking import say, turns

TEMPLATES, REPLIES = "/api/v1/conversation-templates", "/api/v1/canned-replies"


def template(tenant: Tenant, **changes: object) -> dict[str, object]:
    body = {"chatbot_id": tenant.chatbot_id, "name": "Welcome", "variables": {"name": None, "shop": "Bristol"}}
    return {**body, "messages": ["Hello {name}!", "I know the shop in {shop}."], **changes}


class TestTemplates:
    def test_a_conversation_starts_with_what_the_bot_says(self, informed: Tenant) -> None:
        made = informed.owner.post(TEMPLATES, json=template(informed)).json()
        start = f"{TEMPLATES}/{made['id']}/start"
        opened = informed.viewer.post(start, json={"variables": {"name": "{shop}"}})
        assert opened.status_code == 201, opened.text
        said = [one["content"] for one in opened.json()["opening"]]
        assert said == ["Hello {shop}!", "I know the shop in Bristol."]
        say(informed, opened.json()["id"], "How long is the warranty of the K2 grinder?")
        assert [one["author"] for one in turns(informed, opened.json()["id"])] == ["bot", "bot", "user", "bot"]

    def test_variables_are_those_of_the_template(self, informed: Tenant) -> None:
        made = informed.owner.post(TEMPLATES, json=template(informed)).json()
        for variables in ({}, {"name": "Ada", "age": "3"}):
            response = informed.viewer.post(f"{TEMPLATES}/{made['id']}/start", json={"variables": variables})
            assert (response.status_code, response.json()["type"]) == (400, "/problems/template-variables")
        response = informed.owner.post(TEMPLATES, json=template(informed, name="x", variables={}))
        assert response.status_code == 422

    def test_kept_changed_and_removed(self, informed: Tenant) -> None:
        made = informed.owner.post(TEMPLATES, json=template(informed)).json()
        assert informed.owner.post(TEMPLATES, json=template(informed)).status_code == 409
        path = f"{TEMPLATES}/{made['id']}"
        changed = informed.owner.put(path, json=template(informed, name="Hello"))
        assert changed.json()["name"] == "Hello"
        assert [one["name"] for one in informed.viewer.get(TEMPLATES).json()] == ["Hello"]
        assert informed.owner.delete(path).status_code == 204
        assert informed.owner.get(path).status_code == 404


class TestCannedReplies:
    def test_found_by_words_changed_and_removed(self, tenant: Tenant) -> None:
        agent = tenant.clients[Role.AGENT]
        for shortcut, text in (("bye", "Have a nice day, 100% sure."), ("wait", "One moment please.")):
            made = agent.post(REPLIES, json={"shortcut": shortcut, "title": shortcut.title(), "text": text})
            assert made.status_code == 201, made.text
        found = agent.get(REPLIES, params={"q": "moment PLEASE"}).json()
        assert [one["shortcut"] for one in found] == ["wait"]
        assert [one["shortcut"] for one in agent.get(REPLIES, params={"q": "%"}).json()] == ["bye"]
        path = f"{REPLIES}/{found[0]['id']}"
        assert agent.patch(path, json={"shortcut": "bye"}).status_code == 409
        assert agent.patch(path, json={"text": "Soon."}).json()["text"] == "Soon."
        assert agent.delete(path).status_code == 204
        assert [one["shortcut"] for one in agent.get(REPLIES).json()] == ["bye"]
