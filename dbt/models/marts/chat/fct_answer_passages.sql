{{
    config(
        materialized='incremental',
        unique_key='receipt_passage_id',
        incremental_strategy='delete+insert',
        on_schema_change='fail',
        pre_hook="{{ delete_vanished(ref('int_chat__passages_traced'), 'receipt_passage_id') }}"
    )
}}

with passages as (

    select * from {{ ref('int_chat__passages_traced') }}

),

final as (

    select
        passages.receipt_passage_id,
        passages.organization_id,
        passages.answer_id,
        passages.receipt_id,
        passages.chunk_id,
        passages.document_id,
        passages.document_version_id,
        passages.passage_rank::integer as passage_rank,
        passages.rank_before_rerank::integer as rank_before_rerank,
        passages.page::integer as page,
        passages.is_cited,
        passages.quote_count::integer as quote_count,
        passages.best_score::double precision as best_score,
        passages.created_at
    from passages
    {{ only_changed('passages', 'receipt_passage_id', [
        'chunk_id', 'document_id', 'document_version_id'
    ]) }}

)

select * from final
