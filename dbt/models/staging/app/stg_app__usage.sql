with source as (

    select * from {{ source('app', 'usage') }}

),

renamed as (

    select
        id as usage_id,
        organization_id,
        message_id,
        chatbot_id as bot_id,

        provider,
        model,

        prompt_tokens,
        completion_tokens,
        cost_usd,

        created_at
    from source

)

select * from renamed
