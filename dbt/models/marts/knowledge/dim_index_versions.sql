with index_versions as (

    select * from {{ ref('int_knowledge__index_versions_measured') }}

),

final as (

    select
        index_version_id,
        organization_id,
        index_version_number::integer as index_version_number,
        index_status::text as index_status,
        embedding_model::text as embedding_model,
        dimension::integer as dimension,
        chunker::text as chunker,
        document_versions::bigint as document_versions,
        passages::bigint as passages,
        created_at,
        promoted_at,
        retired_at,
        last_written_at
    from index_versions

)

select * from final
