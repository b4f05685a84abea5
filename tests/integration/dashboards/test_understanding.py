"""The page Understanding, as a person sees it."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import strings
from tests.factories.intents import INTENTS, labelled
from tests.integration.conftest import Tenant, ask
from tests.integration.dashboards.conftest import SignIn
from tests.integration.dashboards.test_managing import click
from tests.integration.dashboards.test_pages import texts
from tests.integration.dbt.conftest import Dbt

PAGE = "app_pages/understanding.py"


def intents_of(tenant: Tenant) -> dict[str, int]:
    """What the API lists: intents and how many examples they have."""
    found = tenant.owner.get(f"/api/v1/chatbots/{tenant.chatbot_id}/intents").json()
    return {one["name"]: one["examples"] for one in found["intents"]}


def unfold(at: AppTest, intent_id: str) -> AppTest:
    """Open the fold of an intent; the test driver cannot click on one, and forgets it at the next click."""
    at.session_state[f"intent-{intent_id}"] = True
    at.run()
    assert not at.exception
    return at


def metrics(at: AppTest) -> dict[str, str]:
    """Figures by label."""
    return {str(one.label): str(one.value) for one in at.metric}


@pytest.fixture
def taught(tenant: Tenant) -> Tenant:
    """A tenant whose bot has examples."""
    path = f"/api/v1/chatbots/{tenant.chatbot_id}/intents/examples"
    assert tenant.owner.post(path, json={"examples": labelled()}).status_code == 201
    return tenant


class TestTryOut:
    def test_it_shows_what_is_understood_and_what_is_not_available(self, tenant: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page(PAGE).run()
        assert strings.TRY_START in texts(at)
        at.text_input(key="try_text").set_value("I love it, send it to ada@example.com please").run()
        assert not at.exception
        shown = metrics(at)
        assert shown[strings.TRY_LANGUAGE] == "en"
        assert shown[strings.TRY_SENTIMENT] == "positive"
        assert shown[strings.TRY_INTENT] == strings.TRY_NOT_AVAILABLE
        assert list(at.dataframe[0].value["value"]) == ["ada@example.com"]

    def test_markdown_that_somebody_types_is_not_interpreted(self, tenant: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page(PAGE).run()
        at.text_input(key="try_text").set_value("![x](https://evil.example/x.png)").run()
        assert not at.exception
        assert "![x](" not in texts(at)


class TestIntents:
    def test_a_new_one_with_examples(self, tenant: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(PAGE).run()
        assert strings.INTENTS_NONE in texts(at)
        at.text_input(key="new_intent_name").set_value("refund")
        at.text_area(key="new_intent_examples").set_value("I want my money back\n\n refund please ")
        click(at, strings.INTENTS_NEW_BUTTON)
        assert not at.exception
        assert intents_of(tenant) == {"refund": 2}

    def test_an_open_fold_shows_examples_that_can_be_added_and_taken_away(
        self, taught: Tenant, sign_in: SignIn
    ) -> None:
        found = taught.owner.get(f"/api/v1/chatbots/{taught.chatbot_id}/intents").json()["intents"][0]
        at = sign_in("builder").switch_page(PAGE).run()
        unfold(at, found["id"])
        at.text_area(key=f"examples-{found['id']}").set_value("one more way to say it")
        click(at, strings.INTENTS_ADD_EXAMPLES)
        assert intents_of(taught)[found["name"]] == found["examples"] + 1
        click(unfold(at, found["id"]), strings.INTENTS_DELETE_EXAMPLE)
        assert intents_of(taught)[found["name"]] == found["examples"]
        click(unfold(at, found["id"]), strings.INTENTS_DELETE)
        assert not at.exception
        assert found["name"] not in intents_of(taught)

    def test_an_analyst_looks_and_changes_nothing(self, taught: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page(PAGE).run()
        labels = {button.label for button in at.button}
        assert not labels & {strings.MODEL_TRAIN, strings.INTENTS_NEW_BUTTON, strings.INTENTS_DELETE}


class TestTraining:
    def test_from_examples_to_an_intent_that_is_told(self, taught: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(PAGE).run()
        assert strings.MODEL_NONE in texts(at)
        click(at, strings.MODEL_TRAIN)
        assert not at.exception
        assert strings.MODEL_ACCURACY in metrics(at)
        at.text_input(key="try_text").set_value("Where is my parcel?").run()
        assert metrics(at)[strings.TRY_INTENT] == "track_order"
        at.text_area(key="test_texts").set_value("where is my order | track_order\nwho wrote Hamlet?")
        click(at, strings.MODEL_TEST_BUTTON)
        assert not at.exception
        assert str(at.metric[-1].value) == "100.0%"

    def test_too_few_examples_are_explained(self, tenant: Tenant, sign_in: SignIn) -> None:
        few = labelled({"a": INTENTS["track_order"][:2]}, ())
        tenant.owner.post(f"/api/v1/chatbots/{tenant.chatbot_id}/intents/examples", json={"examples": few})
        at = click(sign_in("builder").switch_page(PAGE).run(), strings.MODEL_TRAIN)
        assert "needs 5 examples" in at.error[0].value.replace("\\", "")


class TestAskedAbout:
    def test_shares_of_intents_and_sentiment_of_what_people_asked(
        self, taught: Tenant, sign_in: SignIn, dbt: Dbt
    ) -> None:
        taught.owner.post(f"/api/v1/chatbots/{taught.chatbot_id}/intents/train")
        asked = ("Where is my order?", "Where is my order? I am very angry, this is terrible!", "Who wrote Hamlet?")
        for question in asked:
            ask(taught, question)
        dbt("run", "--quiet", "--full-refresh", "--select", "+fct_daily_intents")
        at = sign_in("analyst").switch_page(PAGE).run()
        assert not at.exception
        shown = metrics(at)
        assert shown[strings.ASKED_QUESTIONS] == "3"
        assert shown[strings.ASKED_OUT_OF_SCOPE] == "33%"
        assert shown[strings.ASKED_NEGATIVE] == "33%"
        assert len(at.get("vega_lite_chart")) == 2

    def test_before_anybody_asked_it_says_so(self, tenant: Tenant, sign_in: SignIn, dbt: Dbt) -> None:
        dbt("run", "--quiet", "--full-refresh", "--select", "+fct_daily_intents")
        at = sign_in("analyst").switch_page(PAGE).run()
        assert not at.exception
        assert strings.ASKED_EMPTY in texts(at)
