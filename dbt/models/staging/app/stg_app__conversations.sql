with source as (

    select * from {{ source('app', 'conversations') }}

),

renamed as (

    select
        id as conversation_id,
        organization_id,
        chatbot_id as bot_id,
        user_id,
        api_key_id,

        channel,
        case
            when visitor_id is not null then 'visitor'
            when api_key_id is not null or channel = 'eval' then 'program'
            else 'member'
        end as asker,

        created_at,
        updated_at,
        closed_at
    from source

)

select * from renamed
