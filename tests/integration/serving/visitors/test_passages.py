"""Which passages a visitor opens: those that an answer to them has shown, while they are there."""

import uuid

import httpx2
from sqlalchemy import Engine, select

from ingestion.worker import run_until_idle
from storage.postgres.models.chunk import Chunk
from storage.postgres.session import owner_session
from storage.stores import Stores
from tests.integration.conftest import Tenant, upload
from tests.integration.conftest import ask as ask_as_member
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask

OFF_TOPIC = "Who painted the ceiling of the Sistine Chapel?"


def chunks(owner: Engine, tenant: Tenant) -> set[str]:
    with owner_session(owner) as session:
        found = session.scalars(select(Chunk.id).where(Chunk.organization_id == tenant.organization.id))
        return {str(one) for one in found}


class TestShown:
    def test_a_citation_opens_without_what_stands_around_it(
        self, published: Tenant, visitor: httpx2.Client, stores: Stores
    ) -> None:
        sections = [
            f"# Part {n}\n\n" + f"The machine of part {n} weighs {n}7 kilograms and is painted. " * 30
            for n in range(1, 5)
        ]
        upload(published, "machines.md", "\n\n".join(sections).encode())
        run_until_idle(stores, organization_id=published.organization.id)
        answer = ask(visitor, "How much does the machine of part 2 weigh?")
        cited = answer["citations"][0]
        opened = visitor.get(cited["url"]).json()
        assert cited["quotes"][0] in opened["text"]
        assert (opened["before"], opened["after"]) == (None, None)
        members = published.viewer.get(cited["url"]).json()
        assert members["text"] == opened["text"]
        assert members["before"] or members["after"]

    def test_after_a_refusal_the_closest_ones_open(self, visitor: httpx2.Client) -> None:
        answer = ask(visitor, OFF_TOPIC)
        assert answer["is_refused"]
        assert answer["related"]
        for related in answer["related"]:
            assert visitor.get(related["url"]).status_code == 200

    def test_nothing_else_opens(self, published: Tenant, begin: Visit, owner: Engine) -> None:
        visitor, other = begin(), begin()
        shown = {one["chunk_id"] for one in ask(visitor, QUESTION)["citations"]}
        everything = chunks(owner, published)
        assert everything > shown
        ask_as_member(published, "What about returns?")
        for chunk in everything:
            assert visitor.get(f"/api/v1/passages/{chunk}").status_code == (200 if chunk in shown else 404)
            hidden, unknown = (other.get(f"/api/v1/passages/{one}") for one in (chunk, uuid.uuid4()))
            assert (hidden.status_code, hidden.json()) == (404, unknown.json())

    def test_citations_are_read_again(self, published: Tenant, visitor: httpx2.Client) -> None:
        answer = ask(visitor, QUESTION)
        again = visitor.get(f"/api/v1/messages/{answer['message_id']}/citations").json()
        assert again == answer["citations"]
        assert visitor.get(f"/api/v1/messages/{answer['question_id']}/citations").json() == []
        assert visitor.get(answer["receipt_url"]).status_code == 403
        assert published.owner.get(f"/api/v1/messages/{answer['message_id']}/citations").json() == again

    def test_what_is_deleted_is_gone(self, published: Tenant, visitor: httpx2.Client) -> None:
        answer = ask(visitor, QUESTION)
        published.owner.delete(f"/api/v1/documents/{answer['citations'][0]['document_id']}")
        assert visitor.get(answer["citations"][0]["url"]).status_code == 404
        assert visitor.get(f"/api/v1/messages/{answer['message_id']}/citations").json() == []
