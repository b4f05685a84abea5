{{ config(meta={'dagster': {'ref': {'name': 'fct_answers'}}}) }}

-- Every link of a finished answer's receipt: message -> receipt -> bot version -> index version -> passages -> chunk,
-- version and document. A document that was erased empties its passages' links on purpose, so a passage without a
-- document is a broken link only when a part of it is still there. Answers that came while this run went on wait for the next.
with answers as (

    select * from {{ ref('fct_answers') }}
    where answer_state = 'complete' and completed_at < '{{ run_started_at.isoformat() }}'::timestamptz

),

passages as (

    select * from {{ ref('fct_answer_passages') }}
    where created_at < '{{ run_started_at.isoformat() }}'::timestamptz

),

broken_answers as (

    select
        answers.answer_id,
        case
            when answers.receipt_id is null then 'no receipt'
            when questions.message_id is null then 'no question'
            when bot_versions.bot_version_id is null then 'no bot version'
            when answers.passages_retrieved > 0 and index_versions.index_version_id is null then 'no index version'
            when answers.prompt_hash is null then 'no prompt'
        end as broken_link
    from answers
    left join {{ ref('fct_messages') }} as questions on answers.question_id = questions.message_id
    left join {{ ref('dim_bot_versions') }} as bot_versions on answers.bot_version_id = bot_versions.bot_version_id
    left join {{ ref('dim_index_versions') }} as index_versions
        on answers.index_version_id = index_versions.index_version_id

),

broken_passages as (

    select
        passages.answer_id,
        case
            when passages.chunk_id is null then 'no chunk'
            when document_versions.document_version_id is null then 'no document version'
            when documents.document_id is null then 'no document'
        end as broken_link
    from passages
    left join {{ ref('dim_document_versions') }} as document_versions
        on passages.document_version_id = document_versions.document_version_id
    left join {{ ref('dim_documents') }} as documents on passages.document_id = documents.document_id
    where num_nulls(passages.chunk_id, passages.document_version_id, passages.document_id) < 3

)

select * from broken_answers
where broken_link is not null
union all
select * from broken_passages
where broken_link is not null
