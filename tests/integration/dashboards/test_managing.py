"""Managing knowledge and the search lab, as a person sees them."""

from streamlit.testing.v1 import AppTest

from dashboards import strings
from evals.gates.run import run_gates
from ingestion.index_builds.build import build, create_index_version
from ingestion.index_builds.request import BuildRequest
from storage.postgres.models.member import Role
from storage.stores import Stores
from tests.integration.conftest import Tenant
from tests.integration.dashboards.conftest import SignIn
from tests.integration.dashboards.test_pages import QUESTION, texts

KNOWLEDGE_PAGE = "app_pages/knowledge.py"
LAB_PAGE = "app_pages/search_lab.py"


def click(at: AppTest, label: str) -> AppTest:
    """Press a button."""
    return next(button for button in at.button if button.label == label).click().run()


def choose(at: AppTest, kind: str) -> AppTest:
    """Choose every document, and what to do with them."""
    at.checkbox(key="choose_all").check().run()
    box = next(box for box in at.selectbox if box.label == strings.BULK_ACTION)
    return box.set_value(kind).run()


def documents(tenant: Tenant, base: str | None = None) -> list[dict[str, object]]:
    """What the API lists."""
    path = f"/api/v1/knowledge-bases/{base or tenant.knowledge_base_id}/documents"
    return list(tenant.owner.get(path).json())


class TestManyDocuments:
    def test_deleting_says_what_happens_and_waits_for_a_yes(self, informed: Tenant, sign_in: SignIn) -> None:
        at = choose(sign_in("builder").switch_page(KNOWLEDGE_PAGE).run(), "delete")
        assert strings.BULK_SAYS["delete"] in texts(at)
        do = next(button for button in at.button if button.label == strings.BULK_DO)
        assert do.disabled
        next(box for box in at.checkbox if "understand" in box.label).check().run()
        click(at, strings.BULK_DO)
        assert not at.exception
        assert documents(informed) == []

    def test_tagging(self, informed: Tenant, sign_in: SignIn) -> None:
        at = choose(sign_in("builder").switch_page(KNOWLEDGE_PAGE).run(), "tags")
        at.text_input(key="bulk_add").set_value("faq, shop").run()
        next(box for box in at.checkbox if "understand" in box.label).check().run()
        click(at, strings.BULK_DO)
        assert documents(informed)[0]["tags"] == ["faq", "shop"]

    def test_moving(self, informed: Tenant, sign_in: SignIn) -> None:
        target = informed.owner.post("/api/v1/knowledge-bases", json={"name": "Attic", "slug": "attic"}).json()["id"]
        page = sign_in("builder").switch_page(KNOWLEDGE_PAGE).run()
        box = next(box for box in page.selectbox if box.label == strings.KNOWLEDGE_BASE)
        box.select_index(1).run()
        at = choose(page, "move")
        next(box for box in at.checkbox if "understand" in box.label).check().run()
        click(at, strings.BULK_DO)
        assert not at.exception
        assert [one["name"] for one in documents(informed, target)] == ["policy.md"]

    def test_filters_narrow_the_table(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page(KNOWLEDGE_PAGE).run()
        at.text_input(key="filter_text").set_value("nothing like it").run()
        assert strings.FILTER_NOTHING in texts(at)
        at.text_input(key="filter_text").set_value("POLICY").run()
        assert len(at.dataframe) == 1


class TestBase:
    def test_settings_are_saved(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(KNOWLEDGE_PAGE).run()
        next(box for box in at.selectbox if box.label == strings.RETRIEVAL_MODE).set_value("text")
        next(box for box in at.text_input if box.label == strings.BASE_TAGS).set_value("a, b")
        click(at, strings.BASE_SAVE)
        assert not at.exception
        shown = informed.owner.get(f"/api/v1/knowledge-bases/{informed.knowledge_base_id}").json()
        assert (shown["retrieval"]["mode"], shown["tags"]) == ("text", ["a", "b"])

    def test_archiving_and_bringing_back(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(KNOWLEDGE_PAGE).run()
        name = informed.owner.get("/api/v1/knowledge-bases").json()[0]["name"]
        click(at, strings.BASE_ARCHIVE_SURE)
        assert strings.KNOWLEDGE_NONE in texts(at)
        click(at, strings.BASE_UNARCHIVE.format(name=name))
        assert len(at.dataframe) == 1

    def test_index_versions_are_listed_with_a_confirmation(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(KNOWLEDGE_PAGE).run()
        assert "all\\-MiniLM\\-L6\\-v2" in texts(at)
        assert strings.INDEX_BUILD_SAYS in texts(at)
        click(at, strings.INDEX_BUILD_SURE)
        assert not at.exception
        assert len(informed.owner.get("/api/v1/index-versions").json()) == 2
        assert strings.INDEX_STATES["building"] in texts(at)

    def test_a_candidate_shows_its_gates_and_is_promoted_and_rolled_back(
        self, informed: Tenant, stores: Stores, sign_in: SignIn
    ) -> None:
        organization_id = informed.organization.id
        index = create_index_version(stores, organization_id, BuildRequest(chunk_tokens=60))
        build(stores, organization_id, index.number)
        run_gates(stores.settings, organization_id, index.number)
        at = sign_in("builder").switch_page(KNOWLEDGE_PAGE).run()
        shown = texts(at)
        assert "leak\\_canaries" in shown
        assert strings.INDEX_PROMOTE_SAYS.format(number=index.number) in shown
        click(at, strings.INDEX_PROMOTE_SURE.format(number=index.number))
        assert not at.exception
        assert not at.error
        live = [one["number"] for one in informed.owner.get("/api/v1/index-versions").json() if one["status"] == "live"]
        assert live == [index.number]
        click(at, strings.INDEX_ROLLBACK_SURE)
        live = [one["number"] for one in informed.owner.get("/api/v1/index-versions").json() if one["status"] == "live"]
        assert live == [1]

    def test_an_analyst_sees_no_buttons_that_change(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page(KNOWLEDGE_PAGE).run()
        labels = {button.label for button in at.button}
        assert not labels & {strings.BASE_SAVE, strings.SHARING_SAVE, strings.INDEX_BUILD_SURE, strings.BULK_DO}


class TestLab:
    def test_it_begins_with_a_word_of_what_it_is(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(LAB_PAGE).run()
        assert not at.exception
        assert [one.value for one in at.info] == [strings.LAB_START, strings.LAB_NO_LABELS]

    def test_two_ways_marks_and_a_comparison(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(LAB_PAGE).run()
        at.text_input(key="lab_question").set_value(QUESTION).run()
        at.selectbox(key="left-mode").set_value("text").run()
        assert not at.exception
        shown = texts(at)
        assert "60 months" in shown
        assert "rank 1" in shown
        assert " ms" in shown
        assert strings.LAB_SIDES["left"] in shown
        click(at, strings.LAB_MARKS["right"])
        at.run()
        assert [one["relevance"] for one in informed.owner.get("/api/v1/retrieval-labels").json()] == [2]
        click(at, strings.LAB_COMPARE)
        assert not at.exception
        assert "nDCG" in texts(at)
        click(at, strings.LAB_LABEL_DELETE)
        assert informed.owner.get("/api/v1/retrieval-labels").json() == []

    def test_boosts_that_are_no_json_are_said(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(LAB_PAGE).run()
        at.text_area(key="left-boosts").set_value("[").run()
        assert "no JSON" in at.error[0].value

    def test_an_error_of_the_api_is_said(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("builder").switch_page(LAB_PAGE).run()
        at.selectbox(key="left-reranks").set_value(True)
        at.text_input(key="lab_question").set_value(QUESTION).run()
        assert "reranker" in at.error[0].value

    def test_an_analyst_looks_and_marks_nothing(self, informed: Tenant, sign_in: SignIn) -> None:
        at = sign_in("analyst").switch_page(LAB_PAGE).run()
        at.text_input(key="lab_question").set_value(QUESTION).run()
        assert "60 months" in texts(at)
        assert strings.LAB_MARKS["right"] not in {button.label for button in at.button}

    def test_a_viewer_does_not_get_the_page(self, informed: Tenant, sign_in: SignIn) -> None:
        assert "search_lab" not in sign_in("viewer").session_state["identity"].pages
        assert Role.VIEWER in informed.clients
