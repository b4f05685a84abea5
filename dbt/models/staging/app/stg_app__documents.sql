with source as (

    select * from {{ source('app', 'documents') }}

),

renamed as (

    select
        id as document_id,
        organization_id,
        knowledge_base_id,
        current_version_id as current_document_version_id,

        -- Marts are read without regard to groups, so what a restricted document is called stays out of them.
        case when group_ids is null then name end as document_name,
        case when group_ids is null then source_uri end as source_uri,
        group_ids is not null as is_restricted,

        created_at,
        tombstoned_at
    from source

)

select * from renamed
