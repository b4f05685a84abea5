"""Retention: who was not seen for long is removed with what they said; everybody else stays."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, text

from ingestion.erasing import request_erasure
from storage.files.store import FileStore
from storage.lance.store import VectorStore
from storage.postgres.models.conversation import Channel, Conversation
from storage.postgres.models.erasure import ErasureKind
from storage.postgres.models.message import Message
from storage.postgres.models.organization import Organization
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import owner_session
from storage.retention import remove_expired
from storage.settings import StorageSettings
from storage.stores import Stores
from tests.factories.answers import Studio, answered_turn, make_studio, make_visitor

OVER = timedelta(seconds=-1)


@pytest.fixture
def stores(settings: StorageSettings, owner: Engine, app: Engine) -> Stores:
    return Stores(
        owner=owner,
        app=app,
        vectors=VectorStore(settings.lance_uri),
        files=FileStore(settings.files_uri),
        settings=settings,
    )


@pytest.fixture
def studio(owner: Engine, organization: Organization) -> Studio:
    return make_studio(owner, organization.id)


def visitors(owner: Engine, studio: Studio) -> set[uuid.UUID]:
    with owner_session(owner) as session:
        return set(session.scalars(select(Visitor.id).where(Visitor.organization_id == studio.organization_id)))


class TestRemoveExpired:
    def test_a_visitor_goes_with_what_was_said_and_costs_stay(
        self, stores: Stores, owner: Engine, studio: Studio
    ) -> None:
        old, seen = make_visitor(owner, studio, kept_for=OVER), make_visitor(owner, studio)
        gone = answered_turn(owner, studio, channel=Channel.WEB, visitor_id=old)
        stays = [
            answered_turn(owner, studio, channel=Channel.WEB, visitor_id=seen).conversation_id,
            answered_turn(owner, studio).conversation_id,
        ]
        assert remove_expired(stores) >= 1
        assert visitors(owner, studio) == {seen}
        with owner_session(owner) as session:
            of_it = Conversation.organization_id == studio.organization_id
            assert set(session.scalars(select(Conversation.id).where(of_it))) == set(stays)
            for model in (Message, Receipt):
                left = select(func.count()).select_from(model).where(model.conversation_id == gone.conversation_id)
                assert session.scalar(left) == 0
            used = select(func.count()).where(UsageRecord.organization_id == studio.organization_id)
            assert session.scalar(used) == 3

    def test_one_who_waits_for_an_erasure_is_left_to_it(self, stores: Stores, owner: Engine, studio: Studio) -> None:
        asked = make_visitor(owner, studio, kept_for=OVER)
        with owner_session(owner) as session:
            request_erasure(session, studio.organization_id, kind=ErasureKind.SUBJECT, subject=str(asked))
        remove_expired(stores)
        assert visitors(owner, studio) == {asked}

    def test_more_than_a_batch_go(self, stores: Stores, owner: Engine, studio: Studio) -> None:
        with owner_session(owner) as session:
            session.execute(
                text(
                    "INSERT INTO visitors (organization_id, chatbot_id, token_hash, expires_at) "
                    "SELECT :organization, :bot, gen_random_uuid()::text::bytea, now() - interval '1 day' "
                    "FROM generate_series(1, 450)"
                ),
                {"organization": studio.organization_id, "bot": studio.bot_id},
            )
        assert remove_expired(stores) >= 450
        assert visitors(owner, studio) == set()

    def test_addresses_are_forgotten_after_a_day(self, stores: Stores, owner: Engine) -> None:
        rows = {"visitor:198.51.100.1": 25, "visitor:198.51.100.2": 1, "address:198.51.100.3": 25}
        with owner_session(owner) as session:
            for key, hours in rows.items():
                session.execute(
                    text(
                        "INSERT INTO sign_in_attempts (key, failures, window_started_at) "
                        "VALUES (:key, 1, now() - make_interval(hours => :hours))"
                    ),
                    {"key": key, "hours": hours},
                )
        remove_expired(stores)
        with owner_session(owner) as session:
            left = session.scalars(text("SELECT key FROM sign_in_attempts WHERE key LIKE '%198.51.100.%'"))
            assert set(left) == {"visitor:198.51.100.2", "address:198.51.100.3"}
            session.execute(text("DELETE FROM sign_in_attempts WHERE key LIKE '%198.51.100.%'"))
