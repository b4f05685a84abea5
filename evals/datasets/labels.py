"""Queries with judged places in documents, from the table `retrieval_labels`.

One real example: for "How long is the warranty of the K5 grinder?" the characters 214 to 265 of `policy.md` have
relevance 1: "The Model K5 grinder carries a warranty of 60 months."
"""

import uuid

from sqlalchemy import Engine

from serving.judgements.judged import JudgedPlace as JudgedPlace
from serving.judgements.judged import JudgedQuery as JudgedQuery
from serving.judgements.judged import judged_labels, judged_queries
from storage.postgres.session import organization_session


def load_labels(app: Engine, organization_id: uuid.UUID) -> list[JudgedQuery]:
    """Judged queries with something to find, by knowledge base and query.

    Labels of versions that are not current any more are left out: their characters are those of another text.

    Args:
        app: Engine of the application's role.
        organization_id: Whose labels.
    """
    with organization_session(app, organization_id) as session:
        return judged_queries(session.scalars(judged_labels()).all())
