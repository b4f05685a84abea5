"""Envelopes: what is sealed opens in its place, and nowhere else."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import SecretError
from storage.secrets.envelope import Place, fresh_data_key, number_of, seal, unseal, unwrap, wrap
from storage.secrets.wrapping_keys import WrappingKey

PLACE = Place(uuid.uuid4(), "model_connections", "sealed_key", uuid.uuid4())
KEY = fresh_data_key()
WRAPPING = WrappingKey("w", fresh_data_key())


class TestSeal:
    @given(st.text())
    def test_it_opens_again(self, secret: str) -> None:
        sealed = seal(KEY, 3, PLACE, secret)
        assert unseal(KEY, PLACE, sealed) == secret
        assert number_of(sealed) == 3

    def test_the_same_secret_never_looks_the_same(self) -> None:
        assert seal(KEY, 1, PLACE, "secret") != seal(KEY, 1, PLACE, "secret")
        assert b"secret" not in seal(KEY, 1, PLACE, "secret")

    @pytest.mark.parametrize(
        "change",
        [
            {"organization_id": uuid.uuid4()},
            {"row_id": uuid.uuid4()},
            {"table": "integrations"},
            {"column": "other"},
        ],
    )
    def test_it_does_not_open_in_another_place(self, change: dict[str, object]) -> None:
        sealed = seal(KEY, 1, PLACE, "secret")
        with pytest.raises(SecretError, match="belongs elsewhere"):
            unseal(KEY, replace(PLACE, **change), sealed)  # type: ignore[arg-type]

    def test_no_bit_can_be_changed(self) -> None:
        sealed = seal(KEY, 1, PLACE, "secret")
        for position in range(len(sealed)):
            changed = bytearray(sealed)
            changed[position] ^= 1
            with pytest.raises(SecretError):
                unseal(KEY, PLACE, bytes(changed))

    def test_what_is_none_is_told(self) -> None:
        for stored in (b"", b"sk-plain", b"\x02" + bytes(40)):
            with pytest.raises(SecretError, match="no sealed secret"):
                number_of(stored)


class TestWrap:
    def test_a_data_key_opens_for_its_organization_and_number_only(self) -> None:
        organization = uuid.uuid4()
        wrapped = wrap(WRAPPING, KEY, organization, 1)
        assert unwrap(WRAPPING, wrapped, organization, 1) == KEY
        for other in ((uuid.uuid4(), 1), (organization, 2)):
            with pytest.raises(SecretError):
                unwrap(WRAPPING, wrapped, *other)
        with pytest.raises(SecretError):
            unwrap(WrappingKey("x", fresh_data_key()), wrapped, organization, 1)
