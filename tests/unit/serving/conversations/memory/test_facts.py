"""Facts by rules."""

import pytest

from serving.conversations.memory.facts.rules import facts_in
from storage.postgres.models.conversation_fact import FactKind, FactSubject


class TestFactsIn:
    @pytest.mark.parametrize(
        ("text", "kind", "fact"),
        [
            ("Hello, my name is Ada Lovelace. I have a question.", FactKind.NAME, "Ada Lovelace"),
            ("Ich heiße Jürgen Groß und brauche Hilfe.", FactKind.NAME, "Jürgen Groß"),
            ("Me llamo Nerea Ibáñez.", FactKind.NAME, "Nerea Ibáñez"),
            ("Je m'appelle Zoé.", FactKind.NAME, "Zoé"),
            ("My order number is PX-1234, where is it?", FactKind.ORDER_NUMBER, "PX-1234"),
            ("Bestellung 20931 ist nicht da", FactKind.ORDER_NUMBER, "20931"),
            ("I own a Corda Pro.", FactKind.PRODUCT, "Corda Pro"),
            ("Please answer in German", FactKind.LANGUAGE, "German"),
            ("I prefer e-mail to phone calls.", FactKind.PREFERENCE, "e-mail to phone calls"),
            ("Prefiero el correo", FactKind.PREFERENCE, "el correo"),
        ],
    )
    def test_what_is_stated(self, text: str, kind: FactKind, fact: str) -> None:
        assert (kind, fact) in {(one.kind, one.text) for one in facts_in(text)}

    @pytest.mark.parametrize(
        "text",
        ["How do I order a grinder?", "Who is Ada?", "What is my name?", "Can I order by phone?", "", "a" * 9000],
    )
    def test_a_question_states_nothing(self, text: str) -> None:
        assert facts_in(text) == []

    def test_a_name_is_of_the_person_and_an_order_of_the_conversation(self) -> None:
        found = facts_in("My name is Ada. My order is A-1.")
        assert {one.kind: one.subject for one in found} == {
            FactKind.NAME: FactSubject.USER,
            FactKind.ORDER_NUMBER: FactSubject.CONVERSATION,
        }

    def test_they_are_few_and_each_is_there_once(self) -> None:
        assert len(facts_in("My name is Ada. " * 50)) == 1
        assert len(facts_in(" ".join(f"Order number A-{n}." for n in range(50)))) == 10
