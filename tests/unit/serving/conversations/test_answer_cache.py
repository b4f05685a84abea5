"""The cache of answers: found only by who may, bounded, and forgetting what was erased."""

import inspect
import time
import uuid
from typing import Any

import pytest

from ingestion.embedding.embedder import default_embedder
from serving.conversations.answer_cache import AnswerCache, CachedAnswer, CacheKey, cache_key, cache_salt
from serving.inference.extractive import ExtractiveProvider
from serving.inference.provider import Completed, FinishReason, TextDelta, TokenUsage
from serving.inference.routing.route import Candidate, Routed

A, B, BOT, INDEX = (uuid.uuid4() for _ in range(4))
ROUTED = Routed(Candidate(ExtractiveProvider(default_embedder()), "extractive-1"), ())
PARTS: dict[str, Any] = {
    "organization_id": A, "group_ids": (uuid.UUID(int=1),), "index_version_id": INDEX, "prompt_hash": "a" * 64,
    "question": "How long?", "chatbot_version_id": BOT, "models": ["vllm/m@1"], "parameters": {"temperature": 0},
}  # fmt: skip


def answer(text: str = "60 months", *, reason: FinishReason = FinishReason.STOP) -> CachedAnswer:
    return CachedAnswer(uuid.uuid4(), (TextDelta(text),), Completed(reason, TokenUsage(1, 1)), ROUTED, time.monotonic())


def key(**changes: Any) -> CacheKey:
    return cache_key(**(PARTS | changes))


class TestKey:
    @pytest.mark.parametrize(
        "change",
        [
            {"organization_id": B}, {"group_ids": ()}, {"group_ids": None}, {"index_version_id": uuid.uuid4()},
            {"index_version_id": None}, {"prompt_hash": "b" * 64}, {"question": "How long"},
            {"chatbot_version_id": uuid.uuid4()}, {"models": ["vllm/m@2"]}, {"models": []},
            {"parameters": {"temperature": 0.1}}, {"parameters": {}},
        ],
    )  # fmt: skip
    def test_every_part_makes_another_key(self, change: dict[str, Any]) -> None:
        assert key(**change) != key()

    def test_the_order_of_groups_and_parameters_does_not(self) -> None:
        groups = (uuid.UUID(int=1), uuid.UUID(int=2))
        assert key(group_ids=groups) == key(group_ids=groups[::-1])
        assert key(parameters={"a": 1, "b": 2}) == key(parameters={"b": 2, "a": 1})

    def test_no_part_can_be_left_out(self) -> None:
        parameters = inspect.signature(cache_key).parameters.values()
        assert {p.kind for p in parameters} == {inspect.Parameter.KEYWORD_ONLY}
        assert {p.default for p in parameters} == {inspect.Parameter.empty}

    def test_salts_differ_by_organization(self) -> None:
        assert cache_salt(A) == cache_salt(A) != cache_salt(B)


class TestCache:
    def test_an_answer_is_found_again(self) -> None:
        cache, kept = AnswerCache(), answer()
        cache.put(key(), kept)
        assert cache.get(key()) is kept
        assert cache.get(key(organization_id=B)) is None

    def test_one_that_was_cut_is_not_kept(self) -> None:
        cache = AnswerCache()
        cache.put(key(), answer(reason=FinishReason.LENGTH))
        assert cache.get(key()) is None

    def test_it_is_too_old_after_a_while(self) -> None:
        cache = AnswerCache(keep_s=-1)
        cache.put(key(), answer())
        assert cache.get(key()) is None
        assert cache.size == 0

    def test_an_organizations_answers_are_forgotten_and_nobody_elses(self) -> None:
        cache = AnswerCache()
        for organization in (A, B):
            cache.put(key(organization_id=organization), answer())
        assert cache.forget(A) == 1
        assert (cache.get(key()), cache.get(key(organization_id=B)) is None) == (None, False)
        assert cache.forget(None) == 1
        assert cache.size == 0

    @pytest.mark.parametrize("whose", [A, None])
    def test_one_that_was_on_its_way_then_is_not_kept(self, whose: uuid.UUID | None) -> None:
        cache, begun = AnswerCache(), answer()
        cache.forget(whose)
        cache.put(key(), begun)
        assert cache.get(key()) is None
        cache.put(key(), answer())
        assert cache.get(key()) is not None

    def test_another_organizations_is(self) -> None:
        cache, begun = AnswerCache(), answer()
        cache.forget(B)
        cache.put(key(), begun)
        assert cache.get(key()) is begun

    def test_one_organization_does_not_push_out_another(self) -> None:
        cache = AnswerCache(max_bytes=40_000)
        cache.put(key(organization_id=B), answer())
        for number in range(500):
            cache.put(key(question=str(number)), answer("x" * 100))
        assert cache.get(key(organization_id=B)) is not None
        assert cache.size <= 40_000
        assert cache.get(key(question="499")) is not None
        assert cache.get(key(question="0")) is None
        cache.put(key(question="huge"), answer("x" * 50_000))
        assert cache.get(key(question="huge")) is None
