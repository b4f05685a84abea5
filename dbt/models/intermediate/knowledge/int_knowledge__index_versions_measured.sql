with index_versions as (

    select * from {{ ref('stg_app__index_versions') }}

),

manifests as (

    select
        index_version_id,
        count(*) as document_versions,
        sum(row_count) as passages,
        max(updated_at) as last_written_at
    from {{ ref('stg_app__index_manifests') }}
    group by index_version_id

),

measured as (

    select
        index_versions.index_version_id,
        index_versions.organization_id,
        index_versions.index_version_number,
        index_versions.index_status,
        index_versions.embedding_model,
        index_versions.dimension,
        index_versions.chunker,
        coalesce(manifests.document_versions, 0) as document_versions,
        coalesce(manifests.passages, 0) as passages,
        index_versions.created_at,
        index_versions.promoted_at,
        index_versions.retired_at,
        manifests.last_written_at
    from index_versions
    left join manifests on index_versions.index_version_id = manifests.index_version_id

)

select * from measured
