"""What erasing does to conversations: answers that quoted a document, and everything of a person."""

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from ingestion.erasing import request_erasure
from storage.erasure.erase import erase
from storage.erasure.evidence import gather
from storage.erasure.proof import search_of
from storage.erasure.quotes import BLANK, blank
from storage.erasure.targets import EXTERNAL_PERSON, Targets
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.conversation_fact import ConversationFact
from storage.postgres.models.conversation_summary import ConversationSummary
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.erasure import Erasure, ErasureKind, ErasureState
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.message import Message
from storage.postgres.models.organization import Organization
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import owner_session
from storage.stores import Stores
from tests.factories.accounts import make_user
from tests.factories.answers import Studio, Turn, answered_turn, make_studio, open_turn, rate
from tests.integration.erasure.conftest import dump_hits, secret_text

QUESTION = "Where do I find the blue kettle of the northern workshop in the morning?"


def erase_now(stores: Stores, studio: Studio, kind: ErasureKind, subject: uuid.UUID | str, **options: Any) -> Erasure:
    with owner_session(stores.owner) as session:
        row = request_erasure(session, studio.organization_id, kind=kind, subject=str(subject), **options)
        erasure_id = row.id
    return erase(stores, erasure_id)


@pytest.fixture
def studio(stores: Stores, organization: Organization) -> Studio:
    return make_studio(stores.owner, organization.id)


@pytest.fixture
def quoted(stores: Stores, studio: Studio) -> tuple[Turn, str]:
    """An answer that quotes the document between words of its own, and the document's sentence."""
    turn = answered_turn(stores.owner, studio)
    sentence = secret_text(str(studio.organization_id)).split("\n\n")[1].split(". ")[0] + "."
    with owner_session(stores.owner) as session:
        passage = session.scalars(select(ReceiptPassage).where(ReceiptPassage.chunk_id == studio.chunk_id)).one()
        passage.quotes = [sentence]
        session.get_one(Message, turn.message_id).content = f"Well, {sentence} That is all."
        session.get_one(Message, turn.question_id).content = QUESTION
        session.get_one(Chunk, studio.chunk_id).text = sentence
    return turn, sentence


class TestAnAnswerThatQuotedIt:
    def test_the_quote_goes_and_the_answers_own_words_stay(
        self, stores: Stores, studio: Studio, quoted: tuple[Turn, str]
    ) -> None:
        turn, _ = quoted
        with owner_session(stores.owner) as session:
            evidence = gather(session, studio.organization_id, Targets(version_ids=(studio.document_version_id,)))
        assert dump_hits(stores, search_of(evidence))

        row = erase_now(stores, studio, ErasureKind.DOCUMENT, studio.document_id)

        assert (row.state, row.error) == (ErasureState.COMPLETED, None)
        assert not dump_hits(stores, search_of(evidence))
        with owner_session(stores.owner) as session:
            passage = session.scalars(
                select(ReceiptPassage).where(ReceiptPassage.organization_id == studio.organization_id)
            ).one()
            assert session.get_one(Message, turn.message_id).content == f"Well, {BLANK} That is all."
            assert session.get_one(Message, turn.question_id).content == QUESTION
        assert (passage.quotes, passage.document_id, passage.chunk_id) == ([], None, None)
        assert passage.erased_at is not None
        assert row.touched["answers_blanked"] == 1

    def test_translated_quotes_are_blanked_whole(
        self, stores: Stores, studio: Studio, quoted: tuple[Turn, str]
    ) -> None:
        turn, _ = quoted
        with owner_session(stores.owner) as session:
            session.get_one(Message, turn.message_id).content = "Der blaue Kessel steht in der Werkstatt [1]."
            receipt = session.scalars(select(Receipt).where(Receipt.message_id == turn.message_id)).one()
            receipt.guard_decisions = {"translation": {"answer": {"outcome": "translated", "from": "en", "to": "de"}}}
        row = erase_now(stores, studio, ErasureKind.DOCUMENT, studio.document_id)
        assert (row.state, row.touched["answers_blanked"]) == (ErasureState.COMPLETED, 1)
        with owner_session(stores.owner) as session:
            assert session.get_one(Message, turn.message_id).content == BLANK

    def test_an_answer_that_was_cut_short_is_blanked(
        self, stores: Stores, studio: Studio, quoted: tuple[Turn, str]
    ) -> None:
        _, sentence = quoted
        cut = open_turn(stores.owner, studio)
        with owner_session(stores.owner) as session:
            session.get_one(Message, cut.message_id).content = f"It says: {sentence}"
        row = erase_now(stores, studio, ErasureKind.DOCUMENT, studio.document_id)
        assert row.state == ErasureState.COMPLETED
        with owner_session(stores.owner) as session:
            assert session.get_one(Message, cut.message_id).content == BLANK

    def test_what_a_person_wrote_is_theirs_and_counted(
        self, stores: Stores, studio: Studio, quoted: tuple[Turn, str]
    ) -> None:
        turn, sentence = quoted
        with owner_session(stores.owner) as session:
            session.get_one(Message, turn.question_id).content = f"Is it true that {sentence}"
        row = erase_now(stores, studio, ErasureKind.DOCUMENT, studio.document_id)
        assert row.state == ErasureState.COMPLETED
        assert row.proof is not None
        assert row.proof["kept_in_conversations"] > 0
        with owner_session(stores.owner) as session:
            assert sentence in session.get_one(Message, turn.question_id).content


class TestBlank:
    def test_runs_of_the_source_are_replaced_and_the_rest_stays(self) -> None:
        source = "The refund is paid within ten working days after the return."
        answer = "Yes. The refund is paid within ten working days, I believe."
        assert blank(answer, [source]) == f"Yes. {BLANK}, I believe."

    def test_words_that_any_two_texts_share_stay(self) -> None:
        assert blank("The refund is late.", ["The refund was paid."]) == "The refund is late."

    def test_a_short_quote_is_blanked_whole(self) -> None:
        assert blank("It takes ten days.", ["ten days"]) == f"It takes {BLANK}."


class TestErasingAPerson:
    def own(self, stores: Stores, turn: Turn, user_id: uuid.UUID | None, *, person: str | None = None) -> None:
        with owner_session(stores.owner) as session:
            conversation = session.get_one(Conversation, turn.conversation_id)
            conversation.user_id = user_id
            if person:
                conversation.custom_metadata = {EXTERNAL_PERSON: person}
            session.get_one(Message, turn.question_id).content = QUESTION
            for usage in session.scalars(select(UsageRecord).where(UsageRecord.message_id == turn.message_id)):
                usage.user_id = user_id

    def left(self, stores: Stores, studio: Studio, model: Any) -> int:
        with owner_session(stores.owner) as session:
            statement = select(func.count()).select_from(model).where(model.organization_id == studio.organization_id)
            return session.scalar(statement) or 0

    def test_their_conversations_go_and_others_stay(self, stores: Stores, studio: Studio) -> None:
        person, other = make_user(stores.owner), make_user(stores.owner)
        theirs, kept = answered_turn(stores.owner, studio), answered_turn(stores.owner, studio)
        self.own(stores, theirs, person.id)
        rate(stores.owner, studio, theirs, 1)
        with owner_session(stores.owner) as session:
            session.get_one(Conversation, kept.conversation_id).user_id = other.id

        row = erase_now(stores, studio, ErasureKind.SUBJECT, person.id)

        assert (row.state, row.error) == (ErasureState.COMPLETED, None)
        with owner_session(stores.owner) as session:
            assert session.get(Conversation, theirs.conversation_id) is None
            assert session.get(Conversation, kept.conversation_id) is not None
        assert (self.left(stores, studio, Message), self.left(stores, studio, Receipt)) == (2, 1)
        assert self.left(stores, studio, Feedback) == 0
        assert self.left(stores, studio, UsageRecord) == 2  # the costs stay, the person does not
        with owner_session(stores.owner) as session:
            assert session.scalars(select(UsageRecord.user_id)).all().count(person.id) == 0

    def test_somebody_outside_is_found_by_their_channels_id(self, stores: Stores, studio: Studio) -> None:
        turn = answered_turn(stores.owner, studio)
        self.own(stores, turn, None, person="+49 151 0000")
        row = erase_now(stores, studio, ErasureKind.SUBJECT, "+49 151 0000")
        assert row.state == ErasureState.COMPLETED
        assert self.left(stores, studio, Conversation) == 0

    @pytest.mark.parametrize(("with_uploads", "left"), [(False, 1), (True, 0)])
    def test_their_uploads_go_only_when_asked_for(
        self, stores: Stores, studio: Studio, with_uploads: bool, left: int
    ) -> None:
        person = make_user(stores.owner)
        with owner_session(stores.owner) as session:
            session.get_one(Document, studio.document_id).created_by = person.id
        erase_now(stores, studio, ErasureKind.SUBJECT, person.id, with_uploads=with_uploads)
        assert (self.left(stores, studio, Document), self.left(stores, studio, DocumentVersion)) == (left, left)

    def test_another_organizations_conversations_of_the_same_person_stay(
        self, stores: Stores, studio: Studio, other_organization: Organization
    ) -> None:
        person, elsewhere = make_user(stores.owner), make_studio(stores.owner, other_organization.id)
        for place in (studio, elsewhere):
            self.own(stores, answered_turn(stores.owner, place), person.id)
        erase_now(stores, studio, ErasureKind.SUBJECT, person.id)
        assert (self.left(stores, studio, Conversation), self.left(stores, elsewhere, Conversation)) == (0, 1)


def remember(stores: Stores, studio: Studio, turn: Turn, text: str, *, user_id: uuid.UUID | None = None) -> None:
    """A fact and a summary of a conversation that hold a text."""
    owned = {"organization_id": studio.organization_id, "conversation_id": turn.conversation_id}
    with owner_session(stores.owner) as session:
        session.add(
            ConversationFact(
                **owned, user_id=user_id, subject="user", kind="preference", text=text,
                source_message_id=turn.question_id, confidence=0.9,
            )
        )  # fmt: skip
        sentences = [{"text": text, "message_id": str(turn.message_id)}]
        session.add(
            ConversationSummary(**owned, until_message_id=turn.message_id, sentences=sentences, method="extractive")
        )


class TestMemory:
    def test_facts_and_summaries_of_a_person_go_with_them(self, stores: Stores, studio: Studio) -> None:
        user = make_user(stores.owner)
        turn = answered_turn(stores.owner, studio)
        # Of this organization alone: the whole database is searched for it, and others asked the same.
        said = f"I prefer the blue kettle of the northern workshop {studio.organization_id} in the morning."
        with owner_session(stores.owner) as session:
            session.get_one(Conversation, turn.conversation_id).user_id = user.id
            session.get_one(Message, turn.question_id).content = said
        remember(stores, studio, turn, said, user_id=user.id)
        with owner_session(stores.owner) as session:
            search = search_of(
                gather(session, studio.organization_id, Targets(conversation_ids=(turn.conversation_id,)))
            )
        assert dump_hits(stores, search)

        row = erase_now(stores, studio, ErasureKind.SUBJECT, user.id)

        assert (row.state, row.error) == (ErasureState.COMPLETED, None)
        assert not dump_hits(stores, search)
        assert row.touched["conversation_facts"] == 1
        assert row.touched["conversation_summaries"] == 1

    def test_a_summary_of_an_answer_goes_with_the_document_it_was_given(
        self, stores: Stores, studio: Studio, quoted: tuple[Turn, str]
    ) -> None:
        turn, sentence = quoted
        with owner_session(stores.owner) as session:
            evidence = gather(session, studio.organization_id, Targets(version_ids=(studio.document_version_id,)))
            session.add(
                ConversationSummary(
                    organization_id=studio.organization_id, conversation_id=turn.conversation_id,
                    until_message_id=turn.message_id, method="extractive",
                    sentences=[{"text": sentence, "message_id": str(turn.message_id)}],
                )
            )  # fmt: skip
        row = erase_now(stores, studio, ErasureKind.DOCUMENT, studio.document_id)
        assert row.state == ErasureState.COMPLETED
        assert row.touched["conversation_summaries"] == 1
        assert not dump_hits(stores, search_of(evidence))

    def test_what_an_agent_wrote_to_others_stays_without_their_name(self, stores: Stores, studio: Studio) -> None:
        agent = make_user(stores.owner)
        turn = answered_turn(stores.owner, studio)
        with owner_session(stores.owner) as session:
            session.get_one(Message, turn.message_id).author_user_id = agent.id
        erase_now(stores, studio, ErasureKind.SUBJECT, agent.id)
        with owner_session(stores.owner) as session:
            assert session.get_one(Message, turn.message_id).author_user_id is None
