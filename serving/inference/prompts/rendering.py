"""From a prompt file and what is asked to the messages that a model reads."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from string import Template

from serving.inference.provider import Evidence, Message, Role, Turn

_FOLDER = Path(__file__).parent
QUESTIONS_LANGUAGE = "the language of the question"
PASSAGES_LANGUAGE = "the language of the passages, whatever language the question is in"
_DEFAULT_BOT = "You are a helpful assistant of this organization."
_LEFT_OUT = "(an answer from documents)"
_VERSION_CHARACTERS = 10
_FENCE_CHARACTERS = 16
_HEADINGS = re.compile(r"^# (system|user)$", re.MULTILINE)


@dataclass(frozen=True)
class RenderedPrompt:
    """A prompt as a model reads it. `template` names the file and the version of its text."""

    template: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class PromptFile:
    """A prompt file: its name, the version of its text and its two parts."""

    name: str
    version: str
    system: Template
    user: Template


@lru_cache
def prompt_file(name: str) -> PromptFile:
    """Read a prompt file. Its version is made of its text, so a changed text can never pass for the old one.

    Raises:
        ValueError: It lacks one of the parts `# system` and `# user`.
    """
    text = (_FOLDER / f"{name}.md").read_text()
    parts = _HEADINGS.split(text)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    if found.keys() != {"system", "user"}:
        raise ValueError(f"Prompt {name}.md has the parts {sorted(found)}; expected `# system` and `# user`, each once")
    version = hashlib.sha256(text.encode()).hexdigest()[:_VERSION_CHARACTERS]
    return PromptFile(name, version, Template(found["system"].strip()), Template(found["user"].strip()))


def grounded(
    question: str,
    evidence: Sequence[Evidence],
    *,
    system_prompt: str = "",
    history: Sequence[Turn] = (),
    notes: str = "",
    reply_language: str = QUESTIONS_LANGUAGE,
    said: Sequence[Message] = (),
) -> RenderedPrompt:
    """The prompt of a grounded answer.

    Args:
        question: The question, standing alone.
        evidence: The passages that may be cited.
        system_prompt: The bot's own instructions.
        history: Earlier turns, oldest first; those of a system, and results of no call, are left out.
        notes: What is remembered of the conversation, as data.
        reply_language: Which language to answer in, in words.
        said: Calls of tools for this question, and their results.
    """
    file = prompt_file("grounded")
    passages = "\n\n".join(_passage(item) for item in evidence) or "(no passage was found)"
    # Made of the passages themselves: no document can contain the mark that would end the fence around it, and the
    # same passages give the same prompt, which is what caches live on.
    fence = hashlib.sha256((passages + notes).encode()).hexdigest()[:_FENCE_CHARACTERS]
    system = file.system.substitute(
        bot=system_prompt.strip() or _DEFAULT_BOT, fence=fence, reply_language=reply_language
    )
    asked = file.user.substitute(passages=passages, question=question, fence=fence, notes=_notes(notes, fence))
    rendered = _rendered(file, system, history, asked)
    return _with_results(rendered, said) if said else rendered


def plain(
    question: str,
    *,
    system_prompt: str = "",
    history: Sequence[Turn] = (),
    notes: str = "",
    reply_language: str = QUESTIONS_LANGUAGE,
    said: Sequence[Message] = (),
) -> RenderedPrompt:
    """The prompt of a bot that answers without documents.

    Args:
        question: The question.
        system_prompt: The bot's own instructions.
        history: Earlier turns, oldest first; those of a system, and results of no call, are left out.
        notes: What is remembered of the conversation, as data.
        reply_language: Which language to answer in, in words.
        said: Calls of tools for this question, and their results.
    """
    file = prompt_file("plain")
    fence = hashlib.sha256(notes.encode()).hexdigest()[:_FENCE_CHARACTERS]
    system = file.system.substitute(
        bot=system_prompt.strip() or _DEFAULT_BOT, fence=fence, reply_language=reply_language
    )
    rendered = _rendered(file, system, history, file.user.substitute(question=question, notes=_notes(notes, fence)))
    return replace(rendered, messages=(*rendered.messages, *said))


def tool_choosing(
    question: str, *, system_prompt: str = "", history: Sequence[Turn] = (), said: Sequence[Message] = ()
) -> RenderedPrompt:
    """The prompt in which a model of a bot with documents chooses tools. No word in it can be a document's.

    Args:
        question: The question as it was typed.
        system_prompt: The bot's own instructions.
        history: Earlier turns, oldest first. Of answers only that there was one is told: they are made of passages.
        said: Calls of tools for this question, and their results.
    """
    file = prompt_file("tools")
    earlier = [replace(turn, content=_LEFT_OUT) if turn.role == Role.ASSISTANT else turn for turn in history]
    system = file.system.substitute(bot=system_prompt.strip() or _DEFAULT_BOT)
    rendered = _rendered(file, system, earlier, file.user.substitute(question=question))
    return replace(rendered, messages=(*rendered.messages, *said))


def _with_results(rendered: RenderedPrompt, said: Sequence[Message]) -> RenderedPrompt:
    """A grounded prompt that goes on with results of tools, and says how they are to be read."""
    file = prompt_file("tool_results")
    system, *asked = rendered.messages
    told = replace(system, content=f"{system.content}\n\n{file.system.substitute()}")
    return RenderedPrompt(f"{rendered.template}+{file.name}@{file.version}", (told, *asked, *said))


def _notes(notes: str, fence: str) -> str:
    return f"<notes {fence}>\n{notes}\n</notes {fence}>\n\n" if notes else ""


def _rendered(file: PromptFile, system: str, history: Sequence[Turn], asked: str) -> RenderedPrompt:
    earlier = [
        Message(Role(turn.role), turn.content, turn.tool_calls, turn.tool_call_id)
        for turn in history
        if turn.role in (Role.USER, Role.ASSISTANT) or (turn.role == Role.TOOL and turn.tool_call_id is not None)
    ]
    messages = (Message(Role.SYSTEM, system), *earlier, Message(Role.USER, asked))
    return RenderedPrompt(f"{file.name}@{file.version}", messages)


def _passage(item: Evidence) -> str:
    place = " › ".join((item.document_name, *item.heading_path))
    return f"[{item.number}] {place}\n{item.text}"


def prompt_hash(messages: Sequence[Message]) -> str:
    """SHA-256 in hex of the messages, as the receipt keeps it."""
    text = json.dumps([asdict(message) for message in messages], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
