"""Routes of visitors, beside the chat page: what it tells before anybody asks, and the visit that the first question begins."""

from fastapi import APIRouter, Request, Response

from serving.accounts.authentication import PAGE_HEADER, visitor_token
from serving.bots.errors import ChatbotNotFoundError
from serving.dependencies import Context, Database, Visitor
from serving.visitors import service
from serving.visitors.cookies import forgotten_cookie, visit_cookie
from serving.visitors.errors import NotThePageError
from serving.visitors.schemas import BotAbout

router = APIRouter(prefix="/chat/{bot}", tags=["chat page"])


@router.get("/about")
async def read_about(bot: str, request: Request, context: Context) -> BotAbout:
    """Name and welcome of a bot that is published to visitors."""
    return await service.about(context, bot, token=_token(request, bot))


@router.post("/visitor", status_code=204, response_class=Response)
async def begin_visit(bot: str, request: Request, context: Context) -> Response:
    """Begin a visit, or go on with the one of the cookie. Only the page may: crawlers and other sites make no visitors."""
    if request.headers.get(PAGE_HEADER) != "1":
        raise NotThePageError
    host = request.client.host if request.client else "unknown"
    visit = await service.begin(context, bot, token=_token(request, bot), host=host)
    response = Response(status_code=204)
    response.headers.append("Set-Cookie", visit_cookie(visit, request.url.scheme, days=context.settings.visitor_days))
    return response


@router.delete("/visitor", status_code=204, response_class=Response)
async def forget_visit(bot: str, visitor: Visitor, request: Request, context: Context, session: Database) -> Response:
    """End the visit at once; what was said in it is erased."""
    if visitor.visitor_id is None or visitor.chatbot_id is None or service.as_id(bot) != visitor.chatbot_id:
        raise ChatbotNotFoundError
    published = await service.published_in(session, visitor.chatbot_id)
    await service.forget(session, visitor, visitor.visitor_id)
    response = Response(status_code=204)
    response.headers.append("Set-Cookie", forgotten_cookie(published, request.url.scheme))
    return response


def _token(request: Request, bot: str) -> str:
    chatbot_id = service.as_id(bot)
    return visitor_token(request.headers, chatbot_id, request.url.scheme) if chatbot_id is not None else ""
