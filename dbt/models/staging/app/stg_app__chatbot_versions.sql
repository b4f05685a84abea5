with source as (

    select * from {{ source('app', 'chatbot_versions') }}

),

renamed as (

    select
        id as bot_version_id,
        organization_id,
        chatbot_id as bot_id,

        number as bot_version_number,
        config_hash,
        config ->> 'provider' as provider,
        config ->> 'model' as model,

        created_at
    from source

)

select * from renamed
