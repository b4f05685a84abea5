"""What providers say, and what is made of it."""

import email.utils
import time

import pytest

from serving.inference.errors import ProviderErrorKind
from serving.inference.providers.failures import kind_of, retry_after_s, told

Kind = ProviderErrorKind


class TestKindOf:
    @pytest.mark.parametrize(
        ("status", "words", "sentence", "kind"),
        [
            (401, ("invalid_api_key",), "", Kind.UNAUTHENTICATED),
            (403, ("unsupported_country_region_territory",), "", Kind.UNAUTHENTICATED),
            (400, ("INVALID_ARGUMENT",), "API key not valid. Please pass a valid API key.", Kind.UNAUTHENTICATED),
            (429, ("insufficient_quota",), "", Kind.OUT_OF_CREDIT),
            (429, (), "You exceeded your current quota, please check your plan", Kind.OUT_OF_CREDIT),
            (429, ("rate_limit_exceeded",), "", Kind.RATE_LIMITED),
            (400, ("invalid_request_error",), "Your credit balance is too low", Kind.OUT_OF_CREDIT),
            (400, ("context_length_exceeded",), "", Kind.CONTEXT_TOO_LONG),
            (400, ("BadRequestError",), "This model's maximum context length is 4096 tokens", Kind.CONTEXT_TOO_LONG),
            (400, ("invalid_request_error",), "prompt is too long: 210000 tokens > 200000 maximum", Kind.CONTEXT_TOO_LONG),
            (400, ("INVALID_ARGUMENT",), "The input token count (9) exceeds the maximum", Kind.CONTEXT_TOO_LONG),
            (404, ("NotFoundError",), "The model `x` does not exist.", Kind.UNKNOWN_MODEL),
            (400, (), "The model `x` does not exist", Kind.UNKNOWN_MODEL),
            (400, ("content_filter",), "", Kind.CONTENT_FILTERED),
            (400, (), "temperature must be at most 2", Kind.INVALID_REQUEST),
            (422, (), "", Kind.INVALID_REQUEST),
            (529, ("overloaded_error",), "", Kind.OVERLOADED),
            (503, (), "", Kind.OVERLOADED),
            (504, (), "", Kind.TIMEOUT),
            (302, (), "", Kind.INVALID_RESPONSE),
            (None, ("overloaded_error",), "", Kind.OVERLOADED),
            (None, (), "something", Kind.INVALID_RESPONSE),
        ],
    )  # fmt: skip
    def test_one_meaning_each(
        self, status: int | None, words: tuple[str, ...], sentence: str, kind: ProviderErrorKind
    ) -> None:
        assert kind_of(status, words, sentence) is kind


class TestTold:
    def test_every_kind_has_a_sentence(self) -> None:
        sentences = {str(told("X", kind)) for kind in Kind}
        assert len(sentences) == len(Kind)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "7"}, 7.0),
            ({"retry-after": "0.5"}, 0.5),
            ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "-3"}, None),
            ({}, None),
        ],
    )
    def test_seconds(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry_after_s(headers) == seconds

    def test_a_moment(self) -> None:
        moment = email.utils.formatdate(time.time() + 30, usegmt=True)
        assert retry_after_s({"retry-after": moment}) == pytest.approx(30, abs=2)
        assert retry_after_s({"retry-after": email.utils.formatdate(0, usegmt=True)}) == 0
