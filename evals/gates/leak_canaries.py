"""Whether a search can bring back what must not be seen: another organization's, a deleted or an archived document's.

The read gate would stop each of these on its way out. This gate asks the table itself as well, without the gate and
without a filter, so that one wall still stands when the other falls.
"""

import uuid
from collections.abc import Sequence

from anyio import to_thread
from sqlalchemy import ColumnElement, select

from evals.gates.gate import GateContext
from ingestion.embedding.registry import embedder_of
from ingestion.index_builds.gate_record import GateResult
from serving.retrieval.errors import IndexBrokenError
from serving.retrieval.service import retrieve
from serving.retrieval.settings import RetrievalSettings
from storage.errors import IndexUnavailableError
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow, organization_session

NAME = "leak_canaries"
_CANARIES = 20
_NEIGHBOURS = 50
# Any text will do: what matters is what comes back from everywhere in the table.
_ANYTHING = "everything that there is to know"


async def leak_canaries(gate: GateContext) -> GateResult:
    """Search near texts that must not come back, and near others; nothing foreign, deleted or archived may come back."""
    deleted = await to_thread.run_sync(_canaries, gate, Document.tombstoned_at.is_not(None))
    archived = await to_thread.run_sync(_canaries, gate, KnowledgeBase.archived_at.is_not(None))
    baits = [*(row.text for row in (*deleted, *archived)), *(one.query for one in gate.queries[:_CANARIES]), _ANYTHING]
    leaked = await to_thread.run_sync(_foreign_rows, gate, baits)
    leaked += await _shown(gate, [*deleted, *archived])
    return GateResult(
        name=NAME,
        passed=leaked == 0,
        measured=float(leaked),
        threshold=0.0,
        detail=f"Leaks: {leaked or 'no'} rows of other organizations, or of documents that are deleted or archived, "
        f"came back from {len(baits)} searches.",
    )


def _canaries(gate: GateContext, is_hidden: ColumnElement[bool]) -> Sequence[AnyRow]:
    """Passages that nobody may see any more; each is the best bait for itself."""
    with organization_session(gate.serving.stores.app, gate.index.organization_id) as session:
        return session.execute(
            select(Chunk.text, Document.knowledge_base_id)
            .join(Document, Document.id == Chunk.document_id)
            .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
            .where(is_hidden)
            .order_by(Chunk.text_hash)
            .limit(_CANARIES)
        ).all()


def _foreign_rows(gate: GateContext, baits: Sequence[str]) -> int:
    """Rows that came back from the table and are no passage of a document of this organization that is there."""
    stores, index = gate.serving.stores, gate.index
    found: set[uuid.UUID] = set()
    try:
        for vector in embedder_of(index).embed_queries(baits):
            hits = stores.vectors.search(
                index.table_name, vector, limit=_NEIGHBOURS, embedding_model=index.embedding_model
            )
            found |= {hit.chunk_id for hit in hits}
    except IndexUnavailableError:
        return 0  # nothing comes back from a table that cannot be read; another gate refuses it
    with organization_session(stores.app, index.organization_id) as session:
        own = session.scalars(
            select(Chunk.id)
            .join(Document, Document.id == Chunk.document_id)
            .where(
                Chunk.id.in_(found),
                Chunk.chunking == index.chunker,
                Document.organization_id == index.organization_id,
                Document.tombstoned_at.is_(None),
            )
        )
        return len(found - set(own))


async def _shown(gate: GateContext, canaries: Sequence[AnyRow]) -> int:
    """Passages of hidden documents that a search shows although it is asked for their knowledge bases by name."""
    shown = 0
    for row in canaries:
        try:
            retrieval = await retrieve(
                gate.serving,
                gate.index.organization_id,
                row.text,
                knowledge_base_ids=[row.knowledge_base_id],
                settings=RetrievalSettings(limit=_NEIGHBOURS),
                index_version_id=gate.index.id,
            )
        except IndexBrokenError:
            return shown
        ids = [passage.document_id for passage in retrieval.passages]
        shown += await to_thread.run_sync(_hidden_among, gate, ids)
    return shown


def _hidden_among(gate: GateContext, document_ids: Sequence[uuid.UUID]) -> int:
    with organization_session(gate.serving.stores.app, gate.index.organization_id) as session:
        visible = session.scalars(
            select(Document.id)
            .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
            .where(Document.id.in_(document_ids), Document.tombstoned_at.is_(None), KnowledgeBase.archived_at.is_(None))
        )
        return len(set(document_ids) - set(visible))
