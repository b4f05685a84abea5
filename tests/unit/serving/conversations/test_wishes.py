"""Messages that ask for a person."""

import pytest

from serving.conversations.handovers.wishes import asks_for_person


class TestAsksForPerson:
    @pytest.mark.parametrize(
        "text",
        [
            "I want to talk to a human",
            "Can I speak with a real person please?",
            "connect me to an agent",
            "Agent!",
            "Ich möchte mit einem Mitarbeiter sprechen",
            "Kann ich mit jemandem reden?",
            "Quiero hablar con una persona",
            "Je voudrais parler à un conseiller",
        ],
    )
    def test_in_four_languages(self, text: str) -> None:
        assert asks_for_person(text)

    @pytest.mark.parametrize(
        "text",
        [
            "How do I become an agent?",
            "How many people may a person invite?",
            "Which cleaning agent may I use?",
            "Wie viele Mitarbeiter hat die Firma?",
            "¿Cuántas personas caben en el curso?",
            "",
        ],
    )
    def test_not_when_it_is_about_people(self, text: str) -> None:
        assert not asks_for_person(text)

    def test_a_bot_has_words_of_its_own(self) -> None:
        assert asks_for_person("Holt mir bitte den Chef!", ["den Chef"])
        assert not asks_for_person("Holt mir bitte den Chefkoch!", ["den Chef"])
