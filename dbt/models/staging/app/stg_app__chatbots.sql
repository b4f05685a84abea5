with source as (

    select * from {{ source('app', 'chatbots') }}

),

renamed as (

    select
        id as bot_id,
        organization_id,
        template_id,
        current_version_id as current_bot_version_id,

        name as bot_name,
        slug as bot_slug,
        status as bot_status,

        created_at,
        archived_at
    from source

)

select * from renamed
