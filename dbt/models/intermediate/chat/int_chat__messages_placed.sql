with messages as (

    select * from {{ ref('stg_app__messages') }}

),

conversations as (

    select * from {{ ref('stg_app__conversations') }}

),

placed as (

    select
        messages.message_id,
        messages.organization_id,
        messages.conversation_id,
        messages.parent_message_id,
        conversations.bot_id,
        conversations.channel,
        conversations.asker,
        messages.ordinal,
        messages.variant,
        messages.message_role,
        messages.message_author,
        messages.message_state,
        messages.error_type,
        messages.character_count,
        (messages.created_at at time zone 'UTC')::date as created_on,
        messages.created_at,
        messages.completed_at
    from messages
    inner join conversations on messages.conversation_id = conversations.conversation_id

)

select * from placed
