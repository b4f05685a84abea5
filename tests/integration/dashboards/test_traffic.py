"""The page Live traffic, as an analyst sees it."""

from dashboards import traffic_strings as words
from dashboards.data.identity import Identity
from tests.integration.conftest import Tenant, ask
from tests.integration.dashboards.conftest import SignIn
from tests.integration.dashboards.test_pages import texts
from tests.integration.dashboards.test_understanding import metrics

PAGE = "app_pages/traffic.py"
QUESTION = "How long is the warranty of the K5 grinder?"


class TestTraffic:
    def test_nothing_was_asked(self, tenant: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page(PAGE).run()
        assert not at.exception
        assert words.EMPTY in texts(at)
        assert metrics(at)[words.ANSWERS] == "0"

    def test_questions_models_and_the_server(self, informed: Tenant, sign_in: SignIn) -> None:
        ask(informed, QUESTION)
        at = sign_in("owner").switch_page(PAGE).run()
        assert not at.exception
        shown = metrics(at)
        assert shown[words.ANSWERS] == "1"
        assert shown[words.FAILED] == "0.0%"
        assert all(shown[name].endswith((" ms", " s")) for name in (words.FIRST, words.SLOWEST))
        assert words.EMPTY not in texts(at)
        models = at.dataframe[0].value
        assert list(models[words.COLUMNS["model"]]) == ["extractive-1"]
        assert list(models[words.COLUMNS["answers"]]) == ["1"]
        # Quoted sentences have no speed, no breaker and no calls: no empty columns of them.
        assert not {words.COLUMNS[name] for name in ("speed", "state", "calls", "last_error")} & set(models.columns)

    def test_a_longer_period(self, informed: Tenant, sign_in: SignIn) -> None:
        ask(informed, QUESTION)
        at = sign_in("owner").switch_page(PAGE).run()
        at.segmented_control[0].set_value(1440).run()
        assert not at.exception
        assert metrics(at)[words.ANSWERS] == "1"

    def test_an_ended_session_leads_back(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("owner").switch_page(PAGE).run()
        person = at.session_state["identity"]
        assert isinstance(person, Identity)
        with person.client() as client:
            client.sign_out()
        at.run()
        assert len(at.text_input) == 2
