with source as (

    select * from {{ source('app', 'documents') }}

),

renamed as (

    select
        id as document_id,
        organization_id,
        knowledge_base_id,
        current_version_id as current_document_version_id,

        name as document_name,
        source_uri,

        created_at,
        tombstoned_at
    from source

)

select * from renamed
