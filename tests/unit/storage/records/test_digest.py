"""Tests of the digest of chunk ids."""

import hashlib
import uuid

from hypothesis import given
from hypothesis import strategies as st

from storage.records.digest import chunk_digest


class TestChunkDigest:
    @given(ids=st.lists(st.uuids(), unique=True), data=st.data())
    def test_order_does_not_matter_and_members_do(self, ids: list[uuid.UUID], data: st.DataObject) -> None:
        shuffled = data.draw(st.permutations(ids))

        assert chunk_digest(shuffled) == chunk_digest(ids)
        if ids:
            assert chunk_digest(ids[1:]) != chunk_digest(ids)

    def test_one_id_is_its_sha256(self) -> None:
        chunk_id = uuid.uuid4()

        assert chunk_digest([chunk_id]) == hashlib.sha256(chunk_id.bytes).digest()
