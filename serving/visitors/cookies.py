"""The cookie of a visit.

No script can read it, and it counts only together with a header that no other site may send. Where a bot may be shown inside
pages of other sites, the browser must send it from there, too (`SameSite=None`), and then keeps one for each of those sites
(`Partitioned`), so that nobody can be followed from one to another.
"""

from serving.accounts.authentication import visitor_cookie
from serving.visitors.service import Published, Visit

_DAY_S = 24 * 3600


def visit_cookie(visit: Visit, scheme: str, *, days: int) -> str:
    """The header `Set-Cookie` of a visit.

    Args:
        visit: The visit.
        scheme: How the request came; over plain HTTP a browser takes no `Secure` cookie.
        days: How long it is kept.
    """
    return _cookie(visit.bot, visit.token, scheme, max_age_s=days * _DAY_S)


def forgotten_cookie(bot: Published, scheme: str) -> str:
    """The header `Set-Cookie` that takes the cookie away."""
    return _cookie(bot, "", scheme, max_age_s=0)


def _cookie(bot: Published, value: str, scheme: str, *, max_age_s: int) -> str:
    is_secure = scheme == "https"
    parts = [f"{visitor_cookie(bot.chatbot_id, scheme)}={value}", "HttpOnly", f"Max-Age={max_age_s}", "Path=/"]
    if bot.frame_origins and is_secure:
        parts += ["SameSite=None", "Secure", "Partitioned"]
    else:
        parts += ["SameSite=Strict", *(["Secure"] if is_secure else [])]
    return "; ".join(parts)
