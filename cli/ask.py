"""`pixel ask`."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import emit, say

if TYPE_CHECKING:
    from cli.environment import Workplace


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ask)


def ask(
    text: Annotated[str, typer.Argument(help="the question", show_default=False)],
    bot: Annotated[str, typer.Option(help="slug of the bot")] = "assistant",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Ask a bot; the answer names its sources."""
    from cli.environment import workplace

    with workplace() as place:
        result = asyncio.run(_ask(place, bot, text))
    if as_json:
        citations = [citation.model_dump(mode="json") for citation in result.citations]
        emit(
            {
                "answer": result.content,
                "citations": citations,
                "refused": result.is_refused,
                "receipt": result.receipt_url,
            }
        )
        return
    print_answer(result.model_dump(mode="json"))


def print_answer(answer: dict[str, Any]) -> None:
    """An answer with its sources and its receipt, as the API tells it."""
    say(answer["content"])
    if answer["related"]:
        say("  The closest passages:")
    for citation in answer["citations"] or answer["related"]:
        page = f", page {citation['page']}" if citation["page"] else ""
        place = " › ".join(citation["heading_path"])
        say(f"  [{citation['number']}] {citation['document_name']}{page}{': ' + place if place else ''}")
    say(f"  receipt: {answer['receipt_url']}")


async def _ask(place: "Workplace", bot: str, text: str) -> Any:
    from pydantic import TypeAdapter, ValidationError

    from cli.errors import fail
    from serving.context import open_context
    from serving.conversations.schemas import MAX_QUESTION_CHARACTERS, Question
    from serving.conversations.service import ask as ask_bot
    from serving.errors import ApiError
    from serving.settings import serving_settings
    from storage.postgres.models.conversation import Channel

    try:
        question = TypeAdapter(Question).validate_python(text)
    except ValidationError:
        fail(f"A question has 1 to {MAX_QUESTION_CHARACTERS} characters, this one has {len(text.strip())}")
    context = open_context(place.settings, serving_settings())
    try:
        return await ask_bot(context, place.actor, chatbot=bot, question=question, channel=Channel.CLI)
    except ApiError as error:
        fail(f"{error.detail} ({bot})")
    finally:
        await context.close()
