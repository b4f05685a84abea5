with source as (

    select * from {{ source('app', 'chunks') }}

),

renamed as (

    select
        -- The text stays where row-level security and erasing look after it.
        id as chunk_id,
        organization_id,
        document_id,
        document_version_id,

        chunking,

        token_count
    from source

)

select * from renamed
