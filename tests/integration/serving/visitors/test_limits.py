"""How much visitors may ask a day."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from sqlalchemy import Engine, func, select, text

from benchmarks.serving.upstreams.faults import Behaviour
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.message import Message
from storage.postgres.models.organization import Organization
from storage.postgres.models.visitor_day import VisitorDay
from storage.postgres.session import owner_session
from tests.integration.conftest import MakeTenant, Tenant, publish, visit
from tests.integration.serving.models.conftest import add_model, connect, route, vllm
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask, converse, say, turns

__all__ = ["vllm"]


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
        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(lambda _: say(visitor, conversation, QUESTION).status_code, range(8)))
        assert sorted(statuses) == [200] * 3 + [429] * 5
        assert stored(owner, published.organization) == (6, 3)

    def test_it_is_looked_at_before_anything_else(self, published: Tenant, visitor: httpx2.Client) -> None:
        publish(published, daily_questions_per_visitor=1)
        ask(visitor, QUESTION)
        unknown = uuid.uuid4()
        refused = [
            say(visitor, str(unknown), QUESTION),
            visitor.post(f"/api/v1/messages/{unknown}/edit", json={"content": QUESTION}),
            visitor.post(f"/api/v1/messages/{unknown}/retry", json={}),
        ]
        assert [(one.status_code, one.json()["type"]) for one in refused] == [(429, "/problems/visitor-limit")] * 3


class TestPerAddress:
    def test_it_asks_three_times_as_much_as_one_of_its_visitors(
        self, published: Tenant, begin: Visit, owner: Engine
    ) -> None:
        publish(published, daily_questions_per_visitor=1)
        for _ in range(3):
            ask(forgotten := begin(), QUESTION)
            forgotten.delete(f"/chat/{published.chatbot_id}/visitor")
        before = stored(owner, published.organization)
        another = begin()
        refused = another.post("/api/v1/conversations", json={"chatbot_id": published.chatbot_id})
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/visitor-limit")
        assert "address" in refused.json()["detail"]
        assert stored(owner, published.organization) == before
        # What is counted is the day's alone.
        with owner_session(owner) as session:
            mine = f"visitor:%{uuid.UUID(published.chatbot_id).hex}:127.0.0.1"
            moved = text("UPDATE sign_in_attempts SET key = replace(key, :now, :then) WHERE key LIKE :mine")
            session.execute(moved, {"now": ":20", "then": ":19", "mine": mine})
        assert ask(another, QUESTION)["content"]

    def test_many_of_it_at_once_pass_no_limit(self, published: Tenant, begin: Visit) -> None:
        publish(published, daily_questions_per_visitor=1)
        visits = [begin() for _ in range(6)]
        talks = [(one, converse(one)) for one in visits]
        with ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(lambda talk: say(talk[0], talk[1], QUESTION).status_code, talks))
        assert sorted(statuses) == [200] * 3 + [429] * 3

    def test_that_of_another_bot_is_its_own(
        self, api_url: str, published: Tenant, begin: Visit, make_tenant: MakeTenant
    ) -> None:
        publish(published, daily_questions_per_visitor=1)
        for _ in range(3):
            ask(begin(), QUESTION)
        other = make_tenant()
        publish(other, daily_questions_per_visitor=1)
        with visit(api_url, other.chatbot_id) as visitor:
            assert ask(visitor, QUESTION)["content"]


class TestAtOnce:
    def test_two_answers_of_a_visitor_run_and_others_are_served(
        self, published: Tenant, begin: Visit, vllm: Upstream
    ) -> None:
        route(published, add_model(published, connect(published, vllm)), falls_back_to_extractive=False)
        vllm.behave(Behaviour(words=("Sixty ",) * 8, interval_s=0.2))
        visitor, other = begin(), begin()
        talks = [converse(visitor)]
        with ThreadPoolExecutor(2) as pool:
            running = [pool.submit(say, visitor, talks[0], QUESTION) for _ in range(2)]
            time.sleep(0.8)
            refused = say(visitor, talks[0], QUESTION)
            served = say(other, converse(other), QUESTION)
            assert [one.result().status_code for one in running] == [200, 200]
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/visitor-busy")
        assert (int(refused.headers["retry-after"]), served.status_code) == (2, 200)
        assert say(visitor, talks[0], QUESTION).status_code == 200


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
