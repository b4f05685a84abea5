"""Intents of a bot over the API: from examples to a live model."""

import threading
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from serving.language.intents import models
from storage.postgres.models.intent import Intent
from storage.postgres.models.intent_example import IntentExample
from storage.postgres.models.intent_model import IntentModel
from storage.postgres.models.member import Role
from storage.postgres.session import organization_session
from tests.factories.intents import INTENTS, OUTSIDE, labelled
from tests.integration.conftest import MakeTenant, Tenant


def path(tenant: Tenant, rest: str = "") -> str:
    """Address of the tenant's intents."""
    return f"/api/v1/chatbots/{tenant.chatbot_id}/intents{rest}"


@pytest.fixture
def taught(tenant: Tenant) -> Tenant:
    """A tenant whose bot has examples."""
    response = tenant.owner.post(path(tenant, "/examples"), json={"examples": labelled()})
    assert response.status_code == 201, response.text
    return tenant


@pytest.fixture
def trained(taught: Tenant) -> Tenant:
    """A tenant whose bot has a live model."""
    response = taught.owner.post(path(taught, "/train"))
    assert response.status_code == 201, response.text
    return taught


class TestExamples:
    def test_many_at_once_make_their_intents(self, taught: Tenant) -> None:
        listed = taught.owner.get(path(taught)).json()
        assert {one["name"]: one["examples"] for one in listed["intents"]} == {
            **{name: len(texts) for name, texts in INTENTS.items()},
            "out of scope": len(OUTSIDE),
        }
        assert listed["live_model"] is None

    def test_the_same_again_changes_nothing(self, taught: Tenant) -> None:
        again = taught.owner.post(path(taught, "/examples"), json={"examples": labelled()}).json()
        assert again == {"added": 0, "known": len(labelled()), "intents_created": []}

    def test_a_text_of_two_intents_is_refused_and_nothing_is_added(self, taught: Tenant) -> None:
        wrong = [
            {"text": "brand new", "intent": "opening_hours"},
            {"text": "Where is my order?", "intent": "opening_hours"},
        ]
        response = taught.owner.post(path(taught, "/examples"), json={"examples": wrong})
        assert response.status_code == 409
        assert "Where is my order?" in response.json()["detail"]
        again = taught.owner.post(path(taught, "/examples"), json={"examples": labelled()}).json()
        assert again["added"] == 0
        hours = next(one for one in taught.owner.get(path(taught)).json()["intents"] if one["name"] == "opening_hours")
        assert hours["examples"] == len(INTENTS["opening_hours"])

    def test_one_can_be_taken_away(self, taught: Tenant) -> None:
        intent = taught.owner.get(path(taught)).json()["intents"][0]
        examples = taught.owner.get(path(taught, f"/{intent['id']}/examples")).json()
        gone = path(taught, f"/{intent['id']}/examples/{examples[0]['id']}")
        assert taught.owner.delete(gone).status_code == 204
        assert taught.owner.delete(gone).status_code == 404
        assert len(taught.owner.get(path(taught, f"/{intent['id']}/examples")).json()) == len(examples) - 1


class TestIntents:
    def test_made_renamed_and_deleted(self, tenant: Tenant) -> None:
        made = tenant.owner.post(path(tenant), json={"name": "refund", "examples": ["I want my money back"]})
        assert made.status_code == 201
        assert made.json()["examples"] == 1
        one = path(tenant, f"/{made.json()['id']}")
        assert tenant.owner.patch(one, json={"name": "refunds"}).json()["name"] == "refunds"
        assert tenant.owner.delete(one).status_code == 204
        assert tenant.owner.get(path(tenant)).json()["intents"] == []

    def test_a_name_is_used_once(self, tenant: Tenant) -> None:
        assert tenant.owner.post(path(tenant), json={"name": "refund"}).status_code == 201
        again = tenant.owner.post(path(tenant), json={"name": "refund"})
        assert (again.status_code, again.json()["type"]) == (409, "/problems/name-taken")

    def test_one_is_out_of_scope_at_most(self, tenant: Tenant) -> None:
        first = tenant.owner.post(path(tenant), json={"name": "other", "is_out_of_scope": True})
        assert first.status_code == 201
        second = tenant.owner.post(path(tenant), json={"name": "others", "is_out_of_scope": True})
        assert second.status_code == 409

    @pytest.mark.parametrize(
        "body", [{"name": ""}, {"name": "x", "examples": ["a" * 501]}, {"name": "x", "examples": ["\x00"]}]
    )
    def test_malformed_ones_are_named(self, tenant: Tenant, body: dict[str, Any]) -> None:
        assert tenant.owner.post(path(tenant), json=body).status_code == 422

    def test_a_viewer_reads_and_changes_nothing(self, tenant: Tenant) -> None:
        assert tenant.viewer.get(path(tenant)).status_code == 200
        assert tenant.viewer.post(path(tenant), json={"name": "x"}).status_code == 403
        assert tenant.clients[Role.ANALYST].post(path(tenant, "/train")).status_code == 403


class TestTrain:
    def test_a_model_is_live_and_says_how_good_it_is(self, trained: Tenant) -> None:
        found = trained.owner.get(path(trained)).json()
        live = found["live_model"]
        assert (live["number"], live["is_live"], found["is_stale"]) == (1, True, False)
        assert live["labels"] == sorted(INTENTS)
        assert live["metrics"]["examples"] == sum(map(len, INTENTS.values()))
        assert live["metrics"]["out_of_scope_examples"] == len(OUTSIDE)
        assert live["metrics"]["accuracy_without_threshold"] > 0.7

    def test_changed_examples_make_it_stale_and_an_earlier_model_comes_back(self, trained: Tenant) -> None:
        trained.owner.post(
            path(trained, "/examples"), json={"examples": [{"text": "open now?", "intent": "opening_hours"}]}
        )
        assert trained.owner.get(path(trained)).json()["is_stale"] is True
        assert trained.owner.post(path(trained, "/train")).json()["number"] == 2
        newest, oldest = trained.owner.get(path(trained, "/models")).json()
        assert (newest["is_live"], oldest["is_live"]) == (True, False)
        assert newest["training_digest"] != oldest["training_digest"]
        back = trained.owner.post(path(trained, f"/models/{oldest['id']}/activate"))
        assert (back.status_code, back.json()["is_live"]) == (200, True)
        assert trained.owner.get(path(trained)).json()["live_model"]["number"] == 1
        assert trained.owner.post(path(trained, f"/models/{uuid.uuid4()}/activate")).status_code == 404

    @pytest.mark.parametrize(
        ("intents", "says"), [({}, "0 intents"), ({"a": ("x", "y")}, "'a' has 2"), ({"a": tuple("vwxyz")}, "1 intents")]
    )
    def test_too_few_examples_say_what_is_missing(
        self, tenant: Tenant, intents: dict[str, tuple[str, ...]], says: str
    ) -> None:
        if intents:
            tenant.owner.post(path(tenant, "/examples"), json={"examples": labelled(intents, ())})
        response = tenant.owner.post(path(tenant, "/train"))
        assert (response.status_code, response.json()["type"]) == (400, "/problems/too-few-examples")
        assert says in response.json()["detail"]

    def test_a_second_training_at_once_is_told_to_wait(self, taught: Tenant) -> None:
        with models._training:
            response = taught.owner.post(path(taught, "/train"))
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) > 0
        assert taught.owner.post(path(taught, "/train")).status_code == 201

    def test_the_api_answers_others_meanwhile(self, tenant: Tenant) -> None:
        many = {
            f"intent {number}": tuple(f"{word} number {number}" for word in ("do", "make", "get", "see", "take"))
            for number in range(300)
        }
        tenant.owner.post(path(tenant, "/examples"), json={"examples": labelled(many, ())})
        training = threading.Thread(target=lambda: tenant.owner.post(path(tenant, "/train")))
        training.start()
        slowest, asked = 0.0, 0
        while training.is_alive():
            started = time.perf_counter()
            assert tenant.viewer.get("/health").status_code == 200
            slowest, asked = max(slowest, time.perf_counter() - started), asked + 1
        training.join()
        assert asked > 5
        assert slowest < 1.0


class TestTest:
    def test_texts_it_has_not_seen(self, trained: Tenant) -> None:
        unseen = [
            {"text": "my order still has not arrived", "intent": "track_order"},
            {"text": "I want to reset the password", "intent": "reset_password"},
            {"text": "are you open on Monday?", "intent": "opening_hours"},
            {"text": "who wrote Hamlet?", "intent": None},
        ]
        found = trained.viewer.post(path(trained, "/test"), json={"examples": unseen}).json()
        assert (found["examples"], found["out_of_scope_examples"]) == (3, 1)
        assert found["accuracy_without_threshold"] == 1
        assert found["out_of_scope_recall"] == 1

    def test_without_a_model_it_says_so(self, taught: Tenant) -> None:
        response = taught.owner.post(path(taught, "/test"), json={"examples": [{"text": "a", "intent": "b"}]})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/not-trained")


class TestRows:
    def test_a_model_is_never_changed_by_the_application(self, trained: Tenant, app: Engine) -> None:
        with organization_session(app, trained.organization.id) as session, pytest.raises(ProgrammingError):
            session.execute(text("UPDATE intent_models SET threshold = 0"))

    def test_another_organization_sees_none(self, trained: Tenant, app: Engine, make_tenant: MakeTenant) -> None:
        stranger = make_tenant()
        with organization_session(app, stranger.organization.id) as session:
            for model in (Intent, IntentExample, IntentModel):
                assert session.scalar(select(func.count()).select_from(model)) == 0
        with organization_session(app, trained.organization.id) as session:
            assert session.scalar(text("SELECT count(*) FROM intent_models")) == 1
