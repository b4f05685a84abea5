with documents as (

    select * from {{ ref('stg_app__documents') }}

),

knowledge_bases as (

    select * from {{ ref('stg_app__knowledge_bases') }}

),

versions as (

    select * from {{ ref('int_knowledge__versions_measured') }}

),

counted as (

    select
        document_id,
        count(*) as versions
    from versions
    group by document_id

),

newest as (

    select distinct on (document_id) *
    from versions
    order by document_id asc, document_version_number desc

),

described as (

    select
        documents.document_id,
        documents.organization_id,
        documents.knowledge_base_id,
        documents.current_document_version_id,
        newest.document_version_id as newest_document_version_id,
        knowledge_bases.knowledge_base_name,
        documents.document_name,
        documents.source_uri,
        documents.is_restricted,
        newest.version_state as newest_state,
        newest.failure_type as newest_failure_type,
        newest.failure_reason as newest_failure_reason,
        current_version.media_type,
        current_version.language,
        documents.tombstoned_at is not null as is_deleted,
        documents.current_document_version_id is not null and documents.tombstoned_at is null as is_searchable,
        coalesce(counted.versions, 0) as versions,
        coalesce(current_version.page_count, 0) as pages,
        coalesce(current_version.passages, 0) as passages,
        coalesce(current_version.byte_size, 0) as byte_size,
        documents.created_at,
        current_version.ready_at as current_since,
        documents.tombstoned_at
    from documents
    inner join knowledge_bases on documents.knowledge_base_id = knowledge_bases.knowledge_base_id
    left join counted on documents.document_id = counted.document_id
    left join newest on documents.document_id = newest.document_id
    left join versions as current_version
        on documents.current_document_version_id = current_version.document_version_id

)

select * from described
