"""How much visitors may ask a day."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from sqlalchemy import Engine, func, select, text

from storage.postgres.models.message import Message
from storage.postgres.models.organization import Organization
from storage.postgres.models.visitor_day import VisitorDay
from storage.postgres.session import owner_session
from tests.integration.conftest import Tenant, publish
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask, converse, say, turns


def stored(owner: Engine, organization: Organization) -> tuple[int, int]:
    """Messages, and questions that were counted for the bot today."""
    with owner_session(owner) as session:
        of_it = Message.organization_id == organization.id
        messages = session.scalar(select(func.count()).select_from(Message).where(of_it)) or 0
        counted = select(func.coalesce(func.sum(VisitorDay.questions), 0)).where(
            VisitorDay.organization_id == organization.id
        )
        return messages, session.scalar(counted) or 0


class TestPerVisitor:
    def test_the_next_one_is_refused_and_nothing_is_stored(
        self, published: Tenant, begin: Visit, owner: Engine
    ) -> None:
        publish(published, daily_questions_per_visitor=2)
        visitor = begin()
        conversation = ask(visitor, QUESTION)["conversation_id"]
        assert say(visitor, conversation, QUESTION).status_code == 200
        before = stored(owner, published.organization)
        refused = say(visitor, conversation, QUESTION)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/visitor-limit")
        assert 0 < int(refused.headers["retry-after"]) <= 24 * 3600 + 1
        assert stored(owner, published.organization) == before == (4, 2)
        fresh = visitor.post("/api/v1/conversations", json={"chatbot_id": published.chatbot_id})
        assert fresh.status_code == 429
        assert len(turns(visitor, conversation)) == 4
        assert ask(begin(), QUESTION)["content"]

    @pytest.mark.parametrize(
        "again",
        [
            lambda visitor, answer: visitor.post(f"/api/v1/messages/{answer['message_id']}/retry", json={}),
            lambda visitor, answer: visitor.post(
                f"/api/v1/messages/{answer['question_id']}/edit", json={"content": QUESTION}
            ),
        ],
        ids=["retry", "edit"],
    )
    def test_another_try_counts_as_well(
        self, published: Tenant, visitor: httpx2.Client, again: Callable[..., httpx2.Response]
    ) -> None:
        publish(published, daily_questions_per_visitor=1)
        answer = ask(visitor, QUESTION)
        assert again(visitor, answer).status_code == 429
        assert len(turns(visitor, answer["conversation_id"])) == 2

    def test_an_answer_begun_again_counts_as_well(
        self, published: Tenant, visitor: httpx2.Client, owner: Engine
    ) -> None:
        publish(published, daily_questions_per_visitor=1)
        answer = ask(visitor, QUESTION)
        with owner_session(owner) as session:
            message = Message(
                id=uuid.uuid4(), organization_id=published.organization.id,
                conversation_id=uuid.UUID(answer["conversation_id"]), parent_id=uuid.UUID(answer["question_id"]),
                ordinal=1, variant=1, role="assistant", state="interrupted", content="Half",
            )  # fmt: skip
            session.add(message)
            session.flush()
            fresh = message.id
        refused = visitor.get(f"/api/v1/messages/{fresh}/stream")
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/visitor-limit")
        with owner_session(owner) as session:
            assert session.get_one(Message, fresh).state == "interrupted"

    def test_a_new_day_begins_anew(self, published: Tenant, visitor: httpx2.Client, owner: Engine) -> None:
        publish(published, daily_questions_per_visitor=1)
        conversation = ask(visitor, QUESTION)["conversation_id"]
        assert say(visitor, conversation, QUESTION).status_code == 429
        with owner_session(owner) as session:
            session.execute(
                text("UPDATE visitors SET asked_on = asked_on - 1 WHERE organization_id = :id"),
                {"id": published.organization.id},
            )
        assert say(visitor, conversation, QUESTION).status_code == 200

    def test_many_at_once_pass_no_limit(self, published: Tenant, visitor: httpx2.Client, owner: Engine) -> None:
        publish(published, daily_questions_per_visitor=3)
        conversation = converse(visitor)
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: say(visitor, conversation, QUESTION).status_code, range(8)))
        assert sorted(statuses) == [200] * 3 + [429] * 5
        assert stored(owner, published.organization) == (6, 3)


class TestOfAllVisitors:
    def test_all_together_ask_only_so_much(self, published: Tenant, begin: Visit, owner: Engine) -> None:
        publish(published, daily_questions_of_all_visitors=2)
        first, second = begin(), begin()
        conversation = ask(first, QUESTION)["conversation_id"]
        ask(second, QUESTION)
        before = stored(owner, published.organization)
        refused = say(first, conversation, QUESTION)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/visitor-limit")
        assert stored(owner, published.organization) == before
        # Forgetting and coming back gives no more.
        first.delete(f"/chat/{published.chatbot_id}/visitor")
        again = begin().post("/api/v1/conversations", json={"chatbot_id": published.chatbot_id})
        assert again.status_code == 429

    def test_members_are_not_counted_and_not_bound(self, published: Tenant, begin: Visit, owner: Engine) -> None:
        publish(published, daily_questions_of_all_visitors=1)
        ask(begin(), QUESTION)
        started = published.viewer.post("/api/v1/conversations", json={"chatbot_id": published.chatbot_id}).json()
        for _ in range(2):
            said = published.viewer.post(f"/api/v1/conversations/{started['id']}/messages", json={"content": QUESTION})
            assert said.status_code == 200
        assert stored(owner, published.organization)[1] == 1
