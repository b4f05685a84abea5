"""Is the process alive, and can it answer?"""

from fastapi import APIRouter
from sqlalchemy import text

from serving.dependencies import Context
from serving.errors import DATABASE_ERRORS, UnavailableError
from storage.postgres.session import async_identity_session

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(context: Context) -> dict[str, str]:
    """The process can answer: the database does."""
    try:
        async with async_identity_session(context.engine) as session:
            await session.execute(text("SELECT 1"))
    except DATABASE_ERRORS as error:
        raise UnavailableError("The database does not answer") from error
    return {"status": "ready"}
