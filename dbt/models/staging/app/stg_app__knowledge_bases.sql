with source as (

    select * from {{ source('app', 'knowledge_bases') }}

),

renamed as (

    select
        id as knowledge_base_id,
        organization_id,

        name as knowledge_base_name,
        slug as knowledge_base_slug,

        created_at,
        archived_at
    from source

)

select * from renamed
