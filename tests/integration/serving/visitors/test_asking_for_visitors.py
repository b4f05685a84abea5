"""In a visitor's conversation the bot is asked by the visitor alone: members read it, and take it over."""

import uuid

import httpx2
import pytest
from sqlalchemy import Engine

from storage.postgres.models.member import Role
from storage.postgres.models.message import Message
from storage.postgres.session import owner_session
from tests.integration.conftest import Tenant
from tests.integration.serving.visitors.conftest import QUESTION
from tests.integration.serving.visitors.talking import ask, say, turns

PROBLEM = (403, "/problems/visitors-conversation")


def told(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"]


class TestMembers:
    @pytest.mark.parametrize("role", [Role.OWNER, Role.ANALYST, Role.AGENT])
    def test_they_ask_nothing_there(self, published: Tenant, visitor: httpx2.Client, role: Role) -> None:
        answer = ask(visitor, QUESTION)
        member = published.clients[role]
        assert told(say(member, answer["conversation_id"], QUESTION)) == PROBLEM
        edited = member.post(f"/api/v1/messages/{answer['question_id']}/edit", json={"content": QUESTION})
        assert told(edited) == PROBLEM
        assert told(member.post(f"/api/v1/messages/{answer['message_id']}/retry", json={})) == PROBLEM
        assert len(turns(visitor, answer["conversation_id"])) == 2

    def test_they_begin_no_answer_again(self, published: Tenant, visitor: httpx2.Client, owner: Engine) -> None:
        answer = ask(visitor, QUESTION)
        fresh = uuid.uuid4()
        with owner_session(owner) as session:
            session.add(
                Message(
                    id=fresh, organization_id=published.organization.id,
                    conversation_id=uuid.UUID(answer["conversation_id"]), parent_id=uuid.UUID(answer["question_id"]),
                    ordinal=1, variant=1, role="assistant", state="interrupted", content="Half",
                )
            )  # fmt: skip
        assert told(published.owner.get(f"/api/v1/messages/{fresh}/stream")) == PROBLEM
        with owner_session(owner) as session:
            assert session.get_one(Message, fresh).state == "interrupted"
        assert visitor.get(f"/api/v1/messages/{fresh}/stream").status_code == 200

    def test_they_read_and_take_it_over(self, published: Tenant, visitor: httpx2.Client) -> None:
        answer = ask(visitor, QUESTION)
        conversation, owner = answer["conversation_id"], published.owner
        assert len(owner.get(f"/api/v1/conversations/{conversation}/messages").json()) == 2
        assert owner.get(f"/api/v1/messages/{answer['message_id']}/stream").status_code == 200
        handover = owner.post(f"/api/v1/conversations/{conversation}/handover", json={})
        assert handover.status_code == 201
        path = f"/api/v1/handovers/{handover.json()['id']}/replies"
        assert published.clients[Role.AGENT].post(path, json={"content": "Ada here."}).status_code == 201
        assert turns(visitor, conversation)[-1]["content"] == "Ada here."
        # While a person answers, what the visitor writes waits for them; members do not write in the visitor's place.
        assert told(say(owner, conversation, "Me too")) == PROBLEM
        assert say(visitor, conversation, "Hello Ada").json()["handover"]["state"] == "assigned"
