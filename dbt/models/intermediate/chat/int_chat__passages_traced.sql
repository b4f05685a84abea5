with passages as (

    select * from {{ ref('stg_app__receipt_passages') }}

),

receipts as (

    select * from {{ ref('stg_app__receipts') }}

),

traced as (

    select
        passages.receipt_passage_id,
        passages.organization_id,
        passages.receipt_id,
        receipts.message_id as answer_id,
        passages.chunk_id,
        passages.document_id,
        passages.document_version_id,
        passages.passage_rank,
        passages.rank_before_rerank,
        passages.page,
        passages.is_cited,
        passages.quote_count,
        passages.best_score,
        receipts.created_at
    from passages
    inner join receipts on passages.receipt_id = receipts.receipt_id

)

select * from traced
