with source as (

    select * from {{ source('app', 'index_versions') }}

),

renamed as (

    select
        id as index_version_id,
        organization_id,

        number as index_version_number,
        status as index_status,
        embedding_model,
        dimension,
        chunker,

        created_at,
        promoted_at,
        retired_at
    from source

)

select * from renamed
