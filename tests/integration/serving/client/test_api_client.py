"""The client against a real API."""

import uuid
from collections.abc import Iterator

import pytest

from ingestion.worker import run_until_idle
from serving.client.api_client import ApiClient
from serving.client.errors import ClientError
from serving.conversations.schemas import AnswerOut, CitationOut
from storage.postgres.models.member import Role
from storage.stores import Stores
from tests.integration.conftest import Tenant

QUESTION = "How long is the warranty of the K5 grinder?"


@pytest.fixture
def api(informed: Tenant, api_url: str) -> Iterator[ApiClient]:
    with ApiClient(api_url, token=informed.keys[Role.BUILDER]) as client:
        yield client


class TestStream:
    def test_text_citations_and_the_whole_answer_arrive(self, api: ApiClient, informed: Tenant) -> None:
        conversation = api.start_conversation(uuid.UUID(informed.chatbot_id))
        found = list(api.stream(conversation.id, QUESTION))
        answer = found[-1]
        assert isinstance(answer, AnswerOut)
        assert "".join(event for event in found if isinstance(event, str)) == answer.content
        assert any(isinstance(event, CitationOut) for event in found)
        assert api.receipt(answer.message_id).answer == answer.content
        assert api.passage(answer.citations[0].chunk_id).document_name == "policy.md"

    def test_a_refusal_of_the_api_is_an_error_with_its_words(self, api: ApiClient) -> None:
        with pytest.raises(ClientError, match="No such conversation") as caught:
            list(api.stream(uuid.uuid4(), QUESTION))
        assert caught.value.status == 404

    def test_no_server_is_said_plainly(self) -> None:
        with ApiClient("http://127.0.0.1:9") as nowhere:
            with pytest.raises(ClientError, match="cannot be reached"):
                list(nowhere.stream(uuid.uuid4(), QUESTION))
            with pytest.raises(ClientError, match="cannot be reached"):
                nowhere.me()


class TestEverything:
    def test_knowledge(self, api: ApiClient, stores: Stores, informed: Tenant) -> None:
        base = api.create_knowledge_base(name="Notes", slug="notes")
        accepted = api.upload(base.id, "a.md", b"The spare key hangs behind the blue door.", "text/markdown")
        run_until_idle(stores, organization_id=informed.organization.id)
        assert api.document(accepted.document_id).state == "ready"
        assert [v.number for v in api.versions(accepted.document_id)] == [1]
        assert [d.name for d in api.documents(base.id, state="ready")] == ["a.md"]
        assert {b.slug: b.ready for b in api.knowledge_bases()} == {"default": 1, "notes": 1}
        api.delete_document(accepted.document_id)
        assert api.documents(base.id) == []

    def test_bots_and_conversations(self, api: ApiClient, informed: Tenant) -> None:
        bot = api.create_chatbot(name="Second", slug="second", reads_all_knowledge_bases=True)
        assert [b.slug for b in api.chatbots()] == ["assistant", "second"]
        assert isinstance(api.templates(), list)
        conversation = api.start_conversation(bot.id)
        answer = api.ask(conversation.id, QUESTION)
        api.rate(answer.message_id, 1, "good")
        assert [m.rating for m in api.messages(conversation.id)] == [None, 1]
        assert [c.id for c in api.conversations()] == [conversation.id]
        assert api.me().role == Role.BUILDER

    def test_a_key_does_not_sign_in_or_out(self, api: ApiClient) -> None:
        with pytest.raises(ClientError) as caught:
            api.sign_in("nobody@example.com", "wrong password")
        assert (caught.value.status, caught.value.slug) == (401, "wrong-credentials")
        with pytest.raises(ClientError, match="no session"):
            api.sign_out()
