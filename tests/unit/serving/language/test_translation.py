"""Tests of translation: what must survive, and what happens when it does not."""

import time

import pytest

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import FinishReason
from serving.language.completion import LanguageModel
from serving.language.outcome import Unavailable, UnavailableReason
from serving.language.translation import NotTranslated, Translation, Translator, what_changed
from tests.factories.scripted_provider import ScriptedProvider, scripted

ORIGINAL = "The K5 costs $1,234.50 for 36 months [1]. See https://example.com/k5 or run `pixel up`."
GOOD = "Die K5 kostet 1.234,50 $ für 36 Monate [1]. Siehe https://example.com/k5 oder `pixel up`."


class TestTranslator:
    async def test_a_faithful_translation_is_given_out(self) -> None:
        found = await Translator(scripted(GOOD)).translate(ORIGINAL, source="en", target="de")
        assert isinstance(found, Translation)
        assert (found.text, found.source, found.target) == (GOOD, "en", "de")
        assert found.prompt_template.startswith("translate@")

    async def test_the_model_reads_both_languages_and_the_fenced_text(self) -> None:
        provider = ScriptedProvider(GOOD)
        await Translator(LanguageModel(provider, "m")).translate(
            ORIGINAL, source="en", target="de", names=["K5", "Zed"]
        )
        (request,) = provider.requests
        system, user = request.messages
        assert "from English to German" in system.content
        assert "these names: K5" in system.content
        assert "Zed" not in system.content
        assert ORIGINAL in user.content
        assert request.parameters == {"temperature": 0}

    @pytest.mark.parametrize(
        ("translated", "lost"),
        [
            (GOOD.replace("36", "63"), {"36", "63"}),
            (GOOD.replace(" [1]", ""), {"[1]"}),
            (GOOD.replace("[1]", "[1][2]"), {"[2]"}),
            (GOOD.replace("example.com", "evil.com"), {"https://example.com/k5", "https://evil.com/k5"}),
            (GOOD.replace("`pixel up`", "`pixel hoch`"), {"`pixel up`", "`pixel hoch`"}),
            (GOOD.replace("K5 ", "K6 "), {"K5", "K6"}),
        ],
    )
    async def test_one_that_changes_what_must_stay_is_not(self, translated: str, lost: set[str]) -> None:
        found = await Translator(scripted(translated)).translate(ORIGINAL, source="en", target="de")
        assert isinstance(found, NotTranslated)
        assert set(found.lost) == lost

    async def test_a_lost_name_counts(self) -> None:
        found = await Translator(scripted("Frau Schmidt kommt.")).translate(
            "Ms Smith comes.", source="en", target="de", names=["Smith"]
        )
        assert found == NotTranslated(("Smith",))

    async def test_without_a_model_it_is_not_available(self) -> None:
        found = await Translator(None).translate("Hello", source="en", target="de")
        assert isinstance(found, Unavailable)
        assert found.reason is UnavailableReason.NO_MODEL

    async def test_the_same_language_needs_no_model(self) -> None:
        found = await Translator(None).translate("Hello", source="en", target="en")
        assert isinstance(found, Translation)
        assert found.text == "Hello"

    @pytest.mark.parametrize(
        "model",
        [
            scripted("Hal", finish=FinishReason.LENGTH),
            scripted(""),
            scripted("", error=ProviderError("down", kind=ProviderErrorKind.OVERLOADED)),
        ],
    )
    async def test_a_model_that_fails_says_nothing(self, model: LanguageModel) -> None:
        found = await Translator(model).translate("Hello", source="en", target="de")
        assert isinstance(found, Unavailable)
        assert found.reason is UnavailableReason.FAILED

    @pytest.mark.parametrize(("text", "target"), [("a" * 8_001, "de"), ("a", "klingonese"), ("a", "../x")])
    async def test_what_cannot_be_asked_is_named(self, text: str, target: str) -> None:
        with pytest.raises(ValueError, match=r"8,000|Unknown language"):
            await Translator(scripted("a")).translate(text, source="en", target=target)


class TestWhatChanged:
    @pytest.mark.parametrize(
        ("original", "translated"),
        [
            ("1,234.50", "1.234,50"),
            ("the 3rd of May 2026", "der 3. Mai 2026"),
            ("at 14:30", "um 14.30"),
            ("said twice [1]", "zweimal [1] gesagt [1]"),
        ],
    )
    def test_another_way_of_writing_is_no_change(self, original: str, translated: str) -> None:
        assert what_changed(original, translated) == ()

    @pytest.mark.parametrize(
        "run",
        ["a", "a.", "a+", "a@", "a@b-", "a@b.", "a://!", "://", "`", "[1", "1,", "a1-", "1_", "\n`a"],
    )
    def test_no_text_takes_long(self, run: str) -> None:
        """Of a model that lies; the length is the most that one may say."""
        text = (run * 40_000)[:40_000]
        before = time.perf_counter()
        what_changed("Hello", text)
        what_changed("Hello", text + "\u00e9")
        assert time.perf_counter() - before < 1.0

    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("Mail (ada.l+x@mail-1.example.org).", "ada.l+x@mail-1.example.org"),
            ("See x-https://example.com/a?b=c, please", "https://example.com/a?b=c"),
            ("Jürgen@example.de!", "Jürgen@example.de"),
        ],
    )
    def test_addresses_are_found_where_they_stand(self, text: str, address: str) -> None:
        assert what_changed(text, text) == ()
        assert address in what_changed(text, "nothing")
