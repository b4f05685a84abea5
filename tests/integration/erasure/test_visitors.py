"""Erasing what visitors said: they choose its words, and must not choose what is destroyed or whether it ends."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from storage.erasure.evidence import Evidence, gather
from storage.erasure.proof import search_of
from storage.erasure.quotes import BLANK
from storage.erasure.targets import Targets
from storage.postgres.models.canned_reply import CannedReply
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.erasure import ErasureKind, ErasureState
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.message import Message, MessageAuthor, MessageState
from storage.postgres.models.organization import Organization
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.session import owner_session
from storage.stores import Stores
from tests.factories.accounts import make_user
from tests.factories.answers import Studio, Turn, answered_turn, make_studio, make_visitor, open_turn, rate
from tests.integration.erasure.conftest import dump_hits
from tests.integration.erasure.test_conversations import erase_now

REPLY = "Thank you for waiting, one of us will look into the northern workshop"


@pytest.fixture
def studio(stores: Stores, organization: Organization) -> Studio:
    return make_studio(stores.owner, organization.id)


def visitors_turn(stores: Stores, studio: Studio, said: str) -> tuple[uuid.UUID, Turn]:
    """A visitor and what they said."""
    visitor = make_visitor(stores.owner, studio)
    turn = open_turn(stores.owner, studio, visitor_id=visitor)
    with owner_session(stores.owner) as session:
        session.get_one(Message, turn.question_id).content = said
    return visitor, turn


def reply(stores: Stores, studio: Studio, turn: Turn) -> str:
    with owner_session(stores.owner) as session:
        session.add(CannedReply(organization_id=studio.organization_id, shortcut="wait", title="Wait", text=REPLY))
    return REPLY


def welcome(stores: Stores, studio: Studio, turn: Turn) -> str:
    text = "Welcome to the northern workshop, ask me about kettles"
    with owner_session(stores.owner) as session:
        session.get_one(ChatbotVersion, studio.bot_version_id).config = {"welcome_message": text}
    return text


def failure(stores: Stores, studio: Studio, turn: Turn) -> str:
    text = "The file is encrypted and cannot be read without its password"
    with owner_session(stores.owner) as session:
        session.get_one(DocumentVersion, studio.document_version_id).failure_reason = text
    return text


def comment(stores: Stores, studio: Studio, turn: Turn) -> str:
    rate(stores.owner, studio, other := answered_turn(stores.owner, studio), -1)
    text = "This answer about the northern workshop is not what I need"
    with owner_session(stores.owner) as session:
        session.scalars(select(Feedback).where(Feedback.message_id == other.message_id)).one().comment = text
    return text


SAYS: list[Callable[[Stores, Studio, Turn], str]] = [
    reply,
    welcome,
    failure,
    comment,
    lambda stores, studio, turn: str(turn.conversation_id),
    lambda stores, studio, turn: "Data for Name: conversations; Type: TABLE DATA; Schema: public",
]


class TestWhatStandsElsewhere:
    @pytest.mark.parametrize(
        "says", SAYS, ids=["canned reply", "welcome", "failure of a document", "comment", "id in the ledger", "dump"]
    )
    def test_it_does_not_keep_an_erasure_from_its_end(
        self, stores: Stores, studio: Studio, says: Callable[[Stores, Studio, Turn], str]
    ) -> None:
        visitor, turn = visitors_turn(stores, studio, "")
        said = says(stores, studio, turn)
        with owner_session(stores.owner) as session:
            session.get_one(Message, turn.question_id).content = said
        row = erase_now(stores, studio, ErasureKind.SUBJECT, visitor)
        assert (row.state, row.error) == (ErasureState.COMPLETED, None)
        with owner_session(stores.owner) as session:
            assert session.get(Conversation, turn.conversation_id) is None

    def test_a_trace_of_what_was_said_still_fails_it(self, stores: Stores, studio: Studio) -> None:
        said = f"My secret is the amber kettle number {studio.organization_id.hex[:12]}"
        visitor, _ = visitors_turn(stores, studio, said)
        with owner_session(stores.owner) as session:
            leak = OutboxEvent(
                organization_id=studio.organization_id, topic="test.leak", subject_id=uuid.uuid4(), payload={"x": said}
            )
            session.add(leak)
            session.flush()
            leak_id = leak.id
        row = erase_now(stores, studio, ErasureKind.SUBJECT, visitor)
        assert (row.state, row.error) == (
            ErasureState.FAILED,
            "still found in dump of the database, table public.outbox",
        )
        with owner_session(stores.owner) as session:
            session.delete(session.get_one(OutboxEvent, leak_id))
        assert erase_now(stores, studio, ErasureKind.SUBJECT, visitor).state == ErasureState.COMPLETED
        assert not dump_hits(stores, search_of(Evidence(texts={said[:40]})))

    def test_a_members_words_that_are_the_organizations_blank_no_log(self, stores: Stores, studio: Studio) -> None:
        reply(stores, studio, Turn(uuid.uuid4(), uuid.uuid4(), uuid.uuid4()))
        own = f"I have the blue kettle of hall {studio.organization_id} with me"
        person = make_user(stores.owner)
        turn = answered_turn(stores.owner, studio)
        with owner_session(stores.owner) as session:
            session.get_one(Conversation, turn.conversation_id).user_id = person.id
            session.get_one(Message, turn.question_id).content = f"{REPLY}\n{own}"
        log = stores.settings.logs_path / f"member-{studio.organization_id}.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"first {REPLY}\nsecond {own}\nlast\n")
        row = erase_now(stores, studio, ErasureKind.SUBJECT, person.id)
        assert row.state == ErasureState.COMPLETED
        lines = [line for line in log.read_text().splitlines() if line.strip()]
        assert lines == [f"first {REPLY}", "last"]
        log.unlink()


class TestLogsAndReports:
    def test_what_a_visitor_says_leaves_them_alone(self, stores: Stores, studio: Studio) -> None:
        said = f"event answer_completed of the chatbot {studio.bot_id}"
        log = stores.settings.logs_path / f"visitor-{studio.organization_id}.jsonl"
        report = stores.settings.home_path / "reports" / f"visitor-{studio.organization_id}.html"
        for path in (log, report):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{said}\n")
        visitor, _ = visitors_turn(stores, studio, said)
        row = erase_now(stores, studio, ErasureKind.SUBJECT, visitor)
        assert (row.state, row.error) == (ErasureState.COMPLETED, None)
        assert (log.read_text(), report.read_text()) == (f"{said}\n", f"{said}\n")
        assert "log_lines" not in row.touched
        log.unlink()
        report.unlink()


class TestMessagesOfOthers:
    def said_by(
        self, stores: Stores, studio: Studio, author: MessageAuthor, state: MessageState, text: str
    ) -> uuid.UUID:
        """A message without a receipt in a conversation of somebody else."""
        turn = open_turn(stores.owner, studio)
        with owner_session(stores.owner) as session:
            message = session.get_one(Message, turn.message_id)
            message.author, message.state, message.content = author, state, text
        return turn.message_id

    @pytest.mark.parametrize(
        ("author", "state"),
        [(MessageAuthor.AGENT, MessageState.COMPLETE), (MessageAuthor.BOT, MessageState.INTERRUPTED)],
    )
    def test_forgetting_a_visitor_blanks_none(
        self, stores: Stores, studio: Studio, author: MessageAuthor, state: MessageState
    ) -> None:
        text = f"The kettles of hall {studio.organization_id} are at the western gate"
        theirs = self.said_by(stores, studio, author, state, f"As I said: {text}")
        visitor, _ = visitors_turn(stores, studio, text)
        row = erase_now(stores, studio, ErasureKind.SUBJECT, visitor)
        assert (row.state, row.error) == (ErasureState.COMPLETED, None)
        with owner_session(stores.owner) as session:
            assert session.get_one(Message, theirs).content == f"As I said: {text}"
        assert "answers_blanked" not in row.touched

    def test_erasing_a_document_blanks_what_a_bot_began_and_not_what_an_agent_wrote(
        self, stores: Stores, studio: Studio
    ) -> None:
        text = f"The refunds of hall {studio.organization_id} are paid within ten days"
        with owner_session(stores.owner) as session:
            session.get_one(Chunk, studio.chunk_id).text = text
        agents = self.said_by(stores, studio, MessageAuthor.AGENT, MessageState.COMPLETE, f"It says: {text}")
        bots = self.said_by(stores, studio, MessageAuthor.BOT, MessageState.INTERRUPTED, f"It says: {text}")
        row = erase_now(stores, studio, ErasureKind.DOCUMENT, studio.document_id)
        assert (row.state, row.touched["answers_blanked"]) == (ErasureState.COMPLETED, 1)
        with owner_session(stores.owner) as session:
            assert session.get_one(Message, agents).content == f"It says: {text}"
            assert session.get_one(Message, bots).content == BLANK


class TestGather:
    def test_pieces_of_others_are_left_out_and_own_ones_stay(self, stores: Stores, studio: Studio) -> None:
        shared = f"Somebody else asked of hall {studio.organization_id} as well"
        other = open_turn(stores.owner, studio)
        own = f"Only I know of the cobalt {studio.organization_id.hex[:12]} anchor"
        _, turn = visitors_turn(stores, studio, f"{shared}\n{own}")
        with owner_session(stores.owner) as session:
            session.get_one(Message, other.question_id).content = f"Hello. {shared}"
        with owner_session(stores.owner) as session:
            targets = Targets(conversation_ids=(turn.conversation_id,))
            evidence = gather(session, studio.organization_id, targets)
        assert own[:40] in evidence.texts
        assert not any(piece in shared for piece in evidence.texts)
        assert evidence.passage_texts == set()
