with versions as (

    select * from {{ ref('stg_app__document_versions') }}

),

documents as (

    select * from {{ ref('stg_app__documents') }}

),

chunks as (

    -- A version may be cut in several ways; what counts is the cut that was live when it was read.
    select
        document_version_id,
        chunking,
        count(*) as passages,
        sum(token_count) as tokens
    from {{ ref('stg_app__chunks') }}
    group by document_version_id, chunking

),

-- A version can have several jobs (a retry by hand): the first start and all attempts count.
jobs as (

    select
        subject_id,
        count(*) as jobs,
        sum(attempts) as attempts,
        min(started_at) as first_started_at,
        max(finished_at) as last_finished_at
    from {{ ref('stg_app__jobs') }}
    group by subject_id

),

measured as (

    select
        versions.document_version_id,
        versions.organization_id,
        versions.document_id,
        documents.knowledge_base_id,
        versions.document_version_number,
        versions.content_hash,
        versions.pipeline_version,
        versions.version_state,
        versions.failure_type,
        case when not documents.is_restricted then versions.failure_reason end as failure_reason,
        versions.media_type,
        case when not documents.is_restricted then versions.title end as title,
        case when not documents.is_restricted then versions.author end as author,
        versions.language,
        coalesce(documents.current_document_version_id = versions.document_version_id, false) as is_current,
        versions.byte_size,
        versions.page_count,
        coalesce(chunks.passages, 0) as passages,
        coalesce(chunks.tokens, 0) as tokens,
        coalesce(jobs.attempts, 0) as attempts,
        versions.processing_s,
        extract(epoch from (jobs.first_started_at - versions.created_at))::double precision as waiting_s,
        extract(epoch from (versions.ready_at - versions.created_at))::double precision as upload_to_ready_s,
        versions.created_at,
        jobs.first_started_at,
        jobs.last_finished_at,
        versions.ready_at,
        versions.superseded_at
    from versions
    inner join documents on versions.document_id = documents.document_id
    left join chunks
        on versions.document_version_id = chunks.document_version_id and versions.chunking = chunks.chunking
    left join jobs on versions.document_version_id = jobs.subject_id

)

select * from measured
