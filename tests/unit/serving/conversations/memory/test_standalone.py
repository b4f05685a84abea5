"""Follow-up questions by rules: recognised, made to stand alone, and left alone when they do."""

import pytest
import yaml

from evals.datasets.follow_ups import load_follow_ups
from ingestion.embedding.embedder import MiniLmEmbedder
from serving.conversations.memory.follow_ups import Leaning, follow_up
from serving.conversations.memory.standalone import RewriteMethod, standalone
from tests.conftest import REPOSITORY

EMBEDDER = MiniLmEmbedder()
K2 = "How long is the warranty of the K2 grinder?"


class TestFollowUp:
    @pytest.mark.parametrize(
        ("question", "before", "leaning"),
        [
            ("what about the K5?", K2, Leaning.ELLIPSIS),
            ("and in winter?", "When do you open?", Leaning.ELLIPSIS),
            ("How do I clean it?", "What does the Corda cost?", Leaning.PRONOUN),
            ("How much?", K2, Leaning.BARE),
            ("back to the warranty: does it pass on?", "What is the price?", Leaning.RETURN),
            ("und in die Schweiz?", "Was kostet der Versand?", Leaning.ELLIPSIS),
            ("Wie lange gilt der Schein dafür?", "Nehmen Sie mein Altgerät zurück?", Leaning.PRONOUN),
            ("¿y desde Canarias?", "¿Cuánto cuesta la recogida desde Baleares?", Leaning.ELLIPSIS),
            ("¿Cómo puedo limpiarla?", "¿Cuánto cuesta la Corda?", Leaning.PRONOUN),
            ("et pour la Corse ?", "Combien coûte la livraison ?", Leaning.ELLIPSIS),
            ("Combien de temps dure-t-elle ?", "Quelle est la garantie ?", Leaning.PRONOUN),
        ],
    )
    def test_it_is_recognised_in_four_languages(self, question: str, before: str, leaning: Leaning) -> None:
        found = follow_up(question, before=before)
        assert found is not None
        assert found.leaning is leaning

    @pytest.mark.parametrize(
        "question",
        [
            "Is it possible to return a machine without its carton?",
            "The water tank of my machine leaks, can I fix it?",
            "And what does the warranty of the K5 grinder cover?",
            "For how long is a gift card valid?",
            "Gibt es einen Rabatt auf die zweite Maschine?",
            "¿Hay un curso de barista en Valencia?",
            "Y a-t-il une garantie sur les pièces ?",
        ],
    )
    def test_one_that_stands_alone_is_none(self, question: str) -> None:
        assert follow_up(question, before=K2) is None


class TestStandalone:
    def test_one_product_takes_the_place_of_the_other(self) -> None:
        found = standalone("what about the K5?", [K2], embedder=EMBEDDER)
        assert found.question == "How long is the warranty of the K5 grinder?"
        assert (found.method, found.about) == (RewriteMethod.RULES, K2)

    def test_a_chain_of_follow_ups_goes_back_to_its_beginning(self) -> None:
        found = standalone("and in winter?", [K2, "what about the K5?"], embedder=EMBEDDER)
        assert found.question == "How long is the warranty of the K5 grinder, in winter?"

    def test_of_several_topics_it_is_the_closest_one(self) -> None:
        earlier = [K2, "What does a barista course in Valencia cost?"]
        found = standalone("back to the warranty: are gaskets covered?", earlier, embedder=EMBEDDER)
        assert found.about == K2

    def test_without_anything_before_it_stays(self) -> None:
        found = standalone("and in winter?", [], embedder=EMBEDDER)
        assert (found.question, found.is_rewritten) == ("and in winter?", False)

    def test_questions_that_stand_alone_are_left_as_they_are(self) -> None:
        listed = yaml.safe_load((REPOSITORY / "examples" / "questions.yaml").read_text())
        asked = [entry["question"] for entry in listed]
        changed = [
            question
            for place, question in enumerate(asked)
            if standalone(question, asked[max(0, place - 3) : place] or asked[-3:], embedder=EMBEDDER).is_rewritten
        ]
        assert len(changed) <= 0.02 * len(asked), changed

    def test_most_follow_ups_of_the_data_set_are_recognised(self) -> None:
        samples = load_follow_ups()
        changed = [standalone(one.question, one.before, embedder=EMBEDDER).is_rewritten for one in samples]
        assert len(samples) >= 60
        assert sum(changed) >= 0.9 * len(samples)
