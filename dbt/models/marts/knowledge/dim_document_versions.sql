with versions as (

    select * from {{ ref('int_knowledge__versions_measured') }}

),

final as (

    select
        document_version_id,
        organization_id,
        document_id,
        document_version_number::integer as document_version_number,
        content_hash::text as content_hash,
        pipeline_version::text as pipeline_version,
        version_state::text as version_state,
        media_type::text as media_type,
        title::text as title,
        author::text as author,
        language::text as language,
        is_current,
        byte_size::bigint as byte_size,
        page_count::integer as page_count,
        created_at,
        ready_at,
        superseded_at
    from versions

)

select * from final
