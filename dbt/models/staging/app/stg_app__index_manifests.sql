with source as (

    select * from {{ source('app', 'index_manifests') }}

),

renamed as (

    select
        id as index_manifest_id,
        organization_id,
        index_version_id,
        document_version_id,

        row_count,

        updated_at
    from source

)

select * from renamed
