"""How fresh each source of documents is: when something of it was last read."""

from typing import Any

from sqlalchemy import text

from storage.postgres.session import owner_session
from storage.stores import Stores

# A source is what stands before the first slash of a document's address: a folder, uploads, a site, a bucket.
_QUERY = text(
    """
    select
        organizations.slug as organization,
        knowledge_bases.slug as knowledge_base,
        case
            when documents.source_uri like 'upload:%' then 'uploads'
            else coalesce(
                substring(documents.source_uri from '^[a-z0-9+.-]+://[^/]+'), split_part(documents.source_uri, '/', 1)
            )
        end as source,
        count(*) as documents,
        max(versions.ready_at) as last_read_at,
        round(extract(epoch from now() - max(versions.ready_at)) / 3600, 1) as hours_ago
    from documents
    inner join document_versions as versions on documents.current_version_id = versions.id
    inner join knowledge_bases on documents.knowledge_base_id = knowledge_bases.id
    inner join organizations on documents.organization_id = organizations.id
    where documents.tombstoned_at is null
    group by 1, 2, 3
    order by 1, 2, 3
    limit 500
    """
)


def source_freshness(stores: Stores) -> list[dict[str, Any]]:
    """One entry per organization, knowledge base and source: documents, and when one was last read, in hours."""
    with owner_session(stores.owner) as session:
        return [
            {
                **row,
                "last_read_at": row["last_read_at"].isoformat() if row["last_read_at"] else None,
                "hours_ago": float(row["hours_ago"]) if row["hours_ago"] is not None else None,
            }
            for row in session.execute(_QUERY).mappings()
        ]
