with source as (

    select * from {{ source('app', 'receipt_passages') }}

),

renamed as (

    select
        id as receipt_passage_id,
        organization_id,
        receipt_id,
        chunk_id,
        document_id,
        document_version_id,

        page,
        citation is not null as is_cited,

        rank as passage_rank,
        rank_before_rerank,
        cardinality(quotes) as quote_count,
        (
            select max(scores.value::double precision) as best_score
            from jsonb_each_text(source.scores) as scores
        ) as best_score
    from source

)

select * from renamed
