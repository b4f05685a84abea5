"""Tests of passwords, tokens and keys."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.accounts import credentials
from serving.accounts.credentials import (
    generate_password,
    hash_password,
    new_api_key,
    new_session_token,
    secret_matches,
    split_api_key,
    token_hash,
    verify_password,
)


class TestNewApiKey:
    def test_a_hundred_thousand_are_all_different_and_hold(self) -> None:
        keys = [new_api_key() for _ in range(100_000)]
        assert len({key.text for key in keys}) == len(keys)
        assert len({key.secret_hash for key in keys}) == len(keys)
        for key in keys[::1000]:
            parts = split_api_key(key.text)
            assert parts is not None
            assert parts[0] == key.prefix
            assert secret_matches(parts[1], key.secret_hash)

    def test_the_secret_is_in_neither_prefix_nor_hash(self) -> None:
        key = new_api_key()
        secret = key.text.rsplit("_", 1)[1]
        assert secret not in key.prefix
        assert secret.encode() not in key.secret_hash


class TestSplitApiKey:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "pk_",
            "pk__",
            "pk_short_secret",
            "ps_" + "a" * 8 + "_" + "b" * 43,
            "pk_" + "a" * 8 + "_" + "b" * 42,
            "pk_" + "a" * 8 + "_" + "b" * 44,
            "pk_" + "a" * 7 + "_" + "b" * 43,
            "pk_" + "a" * 8 + "_" + "b" * 43 + "_c",
            "a" * 8 + "_" + "b" * 43,
        ],
    )
    def test_anything_else_is_none(self, text: str) -> None:
        assert split_api_key(text) is None

    @given(st.text(max_size=80))
    def test_never_raises(self, text: str) -> None:
        parts = split_api_key(text)
        assert parts is None or (len(parts[0]), len(parts[1])) == (8, 43)


class TestSecretMatches:
    def test_only_the_secret_itself(self) -> None:
        expected = token_hash("a" * 43)
        assert secret_matches("a" * 43, expected)
        assert not secret_matches("a" * 42 + "b", expected)
        assert not secret_matches("", expected)

    def test_a_secret_of_any_characters_is_compared(self) -> None:
        assert not secret_matches("ä😀" * 21, token_hash("a" * 43))


class TestNewSessionToken:
    def test_a_hundred_thousand_are_all_different(self) -> None:
        tokens = {new_session_token() for _ in range(100_000)}
        assert len(tokens) == 100_000
        assert all(token.startswith(credentials.SESSION_PREFIX) and len(token) < 200 for token in tokens)


class TestVerifyPassword:
    def test_only_the_password_itself(self) -> None:
        kept = hash_password("correct horse")
        assert kept.startswith("$argon2id$")
        assert verify_password("correct horse", kept)
        assert not verify_password("Correct horse", kept)

    def test_an_unknown_account_takes_as_long_as_a_known_one(self) -> None:
        kept = hash_password("correct horse")

        def fastest(password_hash: str | None) -> float:
            runs = []
            for _ in range(5):
                started = time.perf_counter()
                assert not verify_password("wrong", password_hash)
                runs.append(time.perf_counter() - started)
            return min(runs)

        assert 0.4 < fastest(None) / fastest(kept) < 2.5

    def test_nobody_has_no_password(self) -> None:
        assert not verify_password("", None)


class TestGeneratePassword:
    def test_is_long_and_new_each_time(self) -> None:
        assert len({generate_password() for _ in range(1000)}) == 1000
        assert len(generate_password()) == 20
