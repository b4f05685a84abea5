"""Tests of which passages a refusal names."""

import uuid

from serving.conversations.citations import related_ranks

A, B, C, D = (uuid.UUID(int=number) for number in range(4))


class TestRelatedRanks:
    def test_the_closest_of_each_document_and_three_at_most(self) -> None:
        assert related_ranks([(1, A), (2, A), (3, B), (4, A), (5, C), (6, D)]) == [1, 3, 5]

    def test_the_order_they_come_in_does_not_matter(self) -> None:
        assert related_ranks([(4, B), (3, A), (2, B), (1, B)]) == [1, 3]

    def test_nothing_of_nothing(self) -> None:
        assert related_ranks([]) == []
