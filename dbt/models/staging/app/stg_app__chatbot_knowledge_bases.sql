with source as (

    select * from {{ source('app', 'chatbot_knowledge_bases') }}

),

renamed as (

    select
        organization_id,
        chatbot_id as bot_id,
        knowledge_base_id,

        created_at
    from source

)

select * from renamed
