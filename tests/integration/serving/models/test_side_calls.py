"""Side calls that are cut or whose cost cannot be written: charged for what was said, and never the end of the answer."""

import time
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, select

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.ledger_entry import LedgerEntry, LedgerState
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import organization_session
from tests.factories.model_servers import QUICK
from tests.factories.refused_writes import COMES_BACK, STAYS_WRONG, refused_writes
from tests.integration.conftest import Tenant, ask
from tests.integration.serving.conversations.talking import configure
from tests.integration.serving.models.conftest import add_model, connect, route, stopped_answer

GERMAN = "Wie lange gilt die Garantie für die Mühle K5?"
TO_ENGLISH = "from German to English"
ENGLISH = ("How long is the warranty ", "of the K5 grinder?")
NAMES, NAMED = "You list the names of people", "Does the K5 that Ada Lovelace ordered have a warranty?"
# Only what is set aside for a side call is less than the longest answer that is reckoned with.
IS_SIDE_CALL = "NEW.organization_id = '{}' AND NEW.reserved_tokens < 4096"


@pytest.fixture
def translating(informed: Tenant, vllm: Upstream) -> Tenant:
    """A tenant whose bot translates questions before the search, with a model that costs something."""
    model = add_model(informed, connect(informed, vllm), input_usd_per_million=10, output_usd_per_million=20)
    route(informed, model)
    configure(informed, language={"searches_in": ["en"]})
    vllm.by_prompt[TO_ENGLISH] = Behaviour(words=ENGLISH)
    return informed


def entries(app: Engine, tenant: Tenant) -> list[LedgerEntry]:
    """The ledger of a tenant."""
    with organization_session(app, tenant.organization.id) as session:
        rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.created_at)).all()
        session.expunge_all()
        return list(rows)


def usage(app: Engine, tenant: Tenant) -> list[UsageRecord]:
    """Calls of a tenant's answers."""
    with organization_session(app, tenant.organization.id) as session:
        rows = session.scalars(select(UsageRecord).order_by(UsageRecord.created_at)).all()
        session.expunge_all()
        return list(rows)


def translation(tenant: Tenant, answer: Any) -> Any:
    """What an answer's receipt says of the translation of its question."""
    return tenant.owner.get(answer["receipt_url"]).json()["guard_decisions"]["translation"]["question"]


class TestCut:
    @pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALLED, Fault.GARBAGE_LATER])
    def test_what_was_said_until_then_is_charged(
        self, translating: Tenant, vllm: Upstream, app: Engine, fault: Fault
    ) -> None:
        vllm.by_prompt[TO_ENGLISH] = Behaviour(fault, words=ENGLISH)
        answer = ask(translating, GERMAN)
        assert answer["content"] == "Sixty months [1]."
        side, whole = entries(app, translating)
        assert (side.state, whole.state) == (LedgerState.SETTLED, LedgerState.SETTLED)
        cut, _ = usage(app, translating)
        assert cut.message_id == uuid.UUID(answer["message_id"])
        said = -(-len(ENGLISH[0]) // 4)
        assert (cut.completion_tokens, cut.prompt_tokens > 20) == (said, True)
        expected = cut.prompt_tokens * 10e-6 + said * 20e-6
        assert float(cut.cost_usd) == float(side.settled_usd or 0) == pytest.approx(expected)
        decision = translation(translating, answer)
        assert (decision["reason"], decision["model"]) == ("failed", "fake-1")
        assert decision["cost_usd"] == pytest.approx(expected)

    def test_before_the_first_word_nothing_is(self, translating: Tenant, vllm: Upstream, app: Engine) -> None:
        vllm.by_prompt[TO_ENGLISH] = Behaviour(Fault.RATE_LIMITED)
        ask(translating, GERMAN)
        assert [one.state for one in entries(app, translating)] == [LedgerState.RELEASED, LedgerState.SETTLED]
        assert len(usage(app, translating)) == 1

    def test_one_that_ends_with_its_answer_is_charged(self, informed: Tenant, vllm: Upstream, app: Engine) -> None:
        patient = {**QUICK.model_dump(), "first_token_s": 20, "gap_s": 20, "total_s": 30}
        connection = connect(informed, vllm, limits=patient)
        route(informed, add_model(informed, connection, input_usd_per_million=10, output_usd_per_million=20))
        configure(informed, language={"finds_names": True})
        vllm.by_prompt[NAMES] = Behaviour(Fault.STALLED, words=('{"names": [', "]}"))
        vllm.behave(Behaviour(Fault.STALLED))
        stopped_answer(informed, vllm, NAMED, calls=2)
        deadline = time.monotonic() + 10
        while len(usage(app, informed)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [one.state for one in entries(app, informed)] == [LedgerState.SETTLED] * 2
        assert all(one.completion_tokens > 0 and one.cost_usd > 0 for one in usage(app, informed))


class TestDatabase:
    def test_one_that_cannot_be_reserved_fails_and_the_answer_does_not(
        self, translating: Tenant, vllm: Upstream, owner: Engine, app: Engine
    ) -> None:
        mine = IS_SIDE_CALL.format(translating.organization.id)
        with refused_writes(owner, "ledger_entries", "INSERT", mine, code=STAYS_WRONG):
            answer = ask(translating, GERMAN)
        assert answer["content"] == "Sixty months [1]."
        assert translation(translating, answer)["reason"] == "failed"
        assert len([one for one in vllm.received if one.method == "POST"]) == 1, "it was not called unreserved"

    def test_one_that_cannot_be_settled_fails_and_the_answer_does_not(
        self, translating: Tenant, owner: Engine, app: Engine
    ) -> None:
        mine = IS_SIDE_CALL.format(translating.organization.id)
        with refused_writes(owner, "ledger_entries", "UPDATE", mine, code=STAYS_WRONG):
            answer = ask(translating, GERMAN)
        assert answer["content"] == "Sixty months [1]."
        assert translation(translating, answer)["reason"] == "failed"
        side, _ = entries(app, translating)
        assert side.state == LedgerState.RESERVED, "it stays set aside until it expires"

    def test_a_database_that_comes_back_is_waited_for_and_it_is_charged_once(
        self, translating: Tenant, owner: Engine, app: Engine
    ) -> None:
        mine = IS_SIDE_CALL.format(translating.organization.id)
        with refused_writes(owner, "ledger_entries", "UPDATE", mine, code=COMES_BACK, times=2):
            answer = ask(translating, GERMAN)
        assert translation(translating, answer)["outcome"] == "translated"
        assert [one.state for one in entries(app, translating)] == [LedgerState.SETTLED] * 2
        assert len(usage(app, translating)) == 2
