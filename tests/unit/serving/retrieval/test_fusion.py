"""Both searches joined into one list."""

import uuid

import pytest

from serving.retrieval.fusion import convex, reciprocal_rank, single
from storage.records.vector import Candidate

A, B, C = (uuid.UUID(int=n) for n in (1, 2, 3))


def candidates(*pairs: tuple[uuid.UUID, float]) -> list[Candidate]:
    return [Candidate(key, score) for key, score in pairs]


class TestConvex:
    def test_shares_of_the_best_are_weighted(self) -> None:
        found = convex(candidates((A, 0.8), (B, 0.4)), candidates((B, 10.0), (A, 5.0)), weight=0.6, depth=100)
        assert [one.chunk_id for one in found] == [A, B]
        assert [one.score for one in found] == pytest.approx([0.8, 0.7])
        assert (found[0].vector_rank, found[0].text_rank, found[1].vector_rank, found[1].text_rank) == (1, 2, 2, 1)

    def test_what_a_full_search_did_not_put_forward_gets_its_last_score(self) -> None:
        found = {
            f.chunk_id: f.score
            for f in convex(candidates((A, 1.0), (B, 0.5)), candidates((C, 4.0), (A, 2.0)), weight=0.5, depth=2)
        }
        assert found[C] == pytest.approx(0.5 * 0.5 + 0.5 * 1.0)
        assert found[B] == pytest.approx(0.5 * 0.5 + 0.5 * 0.5)

    def test_what_an_exhausted_search_did_not_put_forward_gets_nothing(self) -> None:
        found = {f.chunk_id: f.score for f in convex(candidates((A, 1.0)), candidates((C, 4.0)), weight=0.5, depth=2)}
        assert found == {A: pytest.approx(0.5), C: pytest.approx(0.5)}

    @pytest.mark.parametrize(("vector", "text"), [([], []), ([(A, -0.2)], []), ([], [(A, 0.0)])])
    def test_nothing_to_divide_by(
        self, vector: list[tuple[uuid.UUID, float]], text: list[tuple[uuid.UUID, float]]
    ) -> None:
        found = convex(candidates(*vector), candidates(*text), weight=0.5, depth=2)
        assert all(one.score == 0.0 for one in found)

    def test_a_row_that_comes_twice_counts_once(self) -> None:
        found = convex(candidates((A, 1.0), (A, 0.9)), [], weight=1.0, depth=5)
        assert len(found) == 1


class TestReciprocalRank:
    def test_only_the_order_counts(self) -> None:
        found = reciprocal_rank(candidates((A, 0.99), (B, 0.01)), candidates((B, 1.0)), weight=0.5, constant=60)
        assert [one.chunk_id for one in found] == [B, A]
        assert found[1].score == pytest.approx(0.5 / 61)


class TestSingle:
    def test_scores_are_the_search_s_own(self) -> None:
        assert single(candidates((A, 3.0)), is_text=True)[0].text == 3.0
        assert single(candidates((A, 0.3)), is_text=False)[0].vector_rank == 1
