"""Documents of a knowledge base that say the same."""

import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.text import plain
from serving.client.api_client import ApiClient

_SHOWN = 50


def duplicates(client: ApiClient, knowledge_base_id: uuid.UUID) -> None:
    """Pairs, the most alike first; nothing where there are none."""
    pairs = client.duplicates(knowledge_base_id)
    if not pairs:
        return
    with st.expander(strings.DUPLICATES.format(count=len(pairs)), icon=":material/content_copy:"):
        for pair in pairs[:_SHOWN]:
            near = strings.DUPLICATES_NEAR.format(percent=round(100 * pair.similarity))
            how = strings.DUPLICATES_EXACT if pair.is_exact else near
            st.markdown(f"**{plain(pair.document_name)}** · **{plain(pair.other_name)}**: {how}")
