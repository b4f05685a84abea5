"""Prompts of small tasks on one text, which is fenced as data."""

import hashlib
from collections.abc import Sequence

from babel import Locale

from serving.inference.prompts.rendering import PromptFile, RenderedPrompt, prompt_file
from serving.inference.provider import Message, Role

_FENCE_CHARACTERS = 16


def translation(text: str, *, source: str, target: str, names: Sequence[str] = ()) -> RenderedPrompt:
    """The prompt that asks for a translation.

    Args:
        text: What to translate.
        source: ISO 639-1 code of its language.
        target: ISO 639-1 code of the language wanted.
        names: What must stay as it is beside what always must.

    Raises:
        babel.UnknownLocaleError: A code that no language has.
    """
    english = {code: str(Locale.parse(code).get_display_name("en")) for code in (source, target)}
    kept = f", and these names: {', '.join(names)}" if names else ""
    return _rendered(prompt_file("translate"), text, source=english[source], target=english[target], names=kept)


def person_names(text: str) -> RenderedPrompt:
    """The prompt that asks for the names of people in a text."""
    return _rendered(prompt_file("names"), text)


def stated_facts(text: str) -> RenderedPrompt:
    """The prompt that asks for what a person states of themselves."""
    return _rendered(prompt_file("facts"), text)


def standalone_question(conversation: str) -> RenderedPrompt:
    """The prompt that asks for the last question of a conversation so that it stands alone."""
    return _rendered(prompt_file("standalone"), conversation)


def summary(conversation: str, *, most: int) -> RenderedPrompt:
    """The prompt that asks for the minutes of a conversation in so many sentences at most."""
    return _rendered(prompt_file("summary"), conversation, most=str(most))


def _rendered(file: PromptFile, text: str, **values: str) -> RenderedPrompt:
    # Made of the text itself, so that no text can hold the mark that would end its fence.
    fence = hashlib.sha256(text.encode()).hexdigest()[:_FENCE_CHARACTERS]
    system = file.system.substitute(values, fence=fence)
    user = file.user.substitute(text=text, fence=fence)
    messages = (Message(Role.SYSTEM, system), Message(Role.USER, user))
    return RenderedPrompt(f"{file.name}@{file.version}", messages)
