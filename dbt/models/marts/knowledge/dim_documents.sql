with documents as (

    select * from {{ ref('int_knowledge__documents_described') }}

),

final as (

    select
        document_id,
        organization_id,
        knowledge_base_id,
        current_document_version_id,
        newest_document_version_id,
        knowledge_base_name::text as knowledge_base_name,
        document_name::text as document_name,
        source_uri::text as source_uri,
        newest_state::text as newest_state,
        newest_failure_type::text as newest_failure_type,
        newest_failure_reason::text as newest_failure_reason,
        media_type::text as media_type,
        language::text as language,
        is_restricted,
        is_deleted,
        is_searchable,
        versions::bigint as versions,
        pages::bigint as pages,
        passages::bigint as passages,
        byte_size::bigint as byte_size,
        created_at,
        current_since,
        tombstoned_at
    from documents

)

select * from final
