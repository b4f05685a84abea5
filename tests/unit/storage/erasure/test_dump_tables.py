"""Which table a place in a dump belongs to, however the dump is cut into blocks."""

import io

import pytest

from storage.erasure.byte_search import ByteSearch
from storage.erasure.dump_tables import DumpTables

DUMP = rb"""--
-- PostgreSQL database dump, needle0
--

SET statement_timeout = 0;

--
-- Data for Name: messages; Type: TABLE DATA; Schema: public; Owner: needle1
--

COPY public.messages (id, content) FROM stdin;
1	COPY public.other (id, content) FROM stdin; needle2
2	needle3\n\\.\nneedle4
\.


COPY public.empty (id) FROM stdin;
\.


COPY analytics.fct_answers (id, content) FROM stdin;
3	needle5
\.


-- needle6
"""
EXPECTED = [None, None, "public.messages", "public.messages", "public.messages", "analytics.fct_answers", None]


class _Pieces(io.BytesIO):
    """Gives no more than a few bytes at once."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._most)


class TestTableAt:
    @pytest.mark.parametrize("most", [1, 7, 64, 10_000])
    def test_rows_are_their_tables_and_the_rest_is_nobodys(self, most: int) -> None:
        dump = DumpTables(_Pieces(DUMP, most))
        while dump.read(4096):
            pass
        found = [dump.table_at(DUMP.index(b"needle%d" % number)) for number in range(7)]
        assert found == EXPECTED

    def test_a_search_through_it_finds_the_same_places(self) -> None:
        dump = DumpTables(io.BytesIO(DUMP))
        search = ByteSearch([b"stdin; needle2", b"needle3\\n", b"Data for Name"])
        found = {string: dump.table_at(offset) for string, offset in search.found(dump)}
        assert found == {
            b"stdin; needle2": "public.messages", b"needle3\\n": "public.messages", b"Data for Name": None,
        }  # fmt: skip
