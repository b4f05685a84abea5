with source as (

    select * from {{ source('app', 'document_versions') }}

),

renamed as (

    select
        id as document_version_id,
        organization_id,
        document_id,

        number as document_version_number,
        content_hash,
        pipeline_version,
        state as version_state,
        failure_type,
        failure_reason,
        media_type,
        title,
        author,
        language,

        byte_size,
        page_count,
        chunking,
        expected_count as expected_passages,
        seconds as processing_s,

        created_at,
        ready_at,
        superseded_at
    from source

)

select * from renamed
