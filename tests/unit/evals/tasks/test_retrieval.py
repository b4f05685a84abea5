"""What a ranking is worth to a judged query."""

import uuid

from evals.datasets.labels import JudgedPlace, JudgedQuery
from evals.tasks.retrieval import gains_of
from serving.retrieval.passage import RetrievedPassage, Scores

DOCUMENT, VERSION = uuid.uuid4(), uuid.uuid4()


def passage(start: int, end: int, *, version: uuid.UUID = VERSION, document: uuid.UUID = DOCUMENT) -> RetrievedPassage:
    return RetrievedPassage(
        rank=1, score=1.0, similarity=1.0, scores=Scores(similarity=1.0), chunk_id=uuid.uuid4(), document_id=document, document_version_id=version,
        knowledge_base_id=uuid.uuid4(), document_name="a.md", text="", text_hash="", heading_path=(), page_start=None,
        page_end=None, boxes=None, char_start=start, char_end=end,
    )  # fmt: skip


def query(*places: tuple[int, int, int], is_document_level: bool = False) -> JudgedQuery:
    judged = tuple(JudgedPlace(DOCUMENT, VERSION, start, end, relevance) for start, end, relevance in places)
    return JudgedQuery("q", uuid.uuid4(), judged, is_document_level=is_document_level)


class TestGainsOf:
    def test_a_place_counts_once_where_it_is_first_found(self) -> None:
        assert gains_of(query((100, 150, 2)), [passage(0, 90), passage(90, 160), passage(120, 200)]) == [0.0, 2.0, 0.0]

    def test_a_passage_inside_a_place_finds_it_too(self) -> None:
        assert gains_of(query((0, 1000, 1)), [passage(400, 500)]) == [1.0]

    def test_touching_its_edge_is_not_finding_it(self) -> None:
        assert gains_of(query((100, 200, 1)), [passage(0, 110), passage(0, 149), passage(0, 151)]) == [0.0, 0.0, 1.0]

    def test_the_same_characters_of_another_version_are_another_place(self) -> None:
        assert gains_of(query((0, 50, 1)), [passage(0, 50, version=uuid.uuid4())]) == [0.0]

    def test_of_two_places_in_one_passage_the_better_counts(self) -> None:
        assert gains_of(query((0, 10, 1), (20, 30, 3)), [passage(0, 40), passage(0, 40)]) == [3.0, 0.0]

    def test_a_known_item_is_found_by_its_document(self) -> None:
        known = query((0, 50, 1), is_document_level=True)
        assert gains_of(known, [passage(0, 1, document=uuid.uuid4()), passage(900, 950)]) == [0.0, 1.0]
