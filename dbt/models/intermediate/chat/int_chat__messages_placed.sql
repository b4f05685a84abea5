with messages as (

    select * from {{ ref('stg_app__messages') }}

),

conversations as (

    select * from {{ ref('stg_app__conversations') }}

),

understood as (

    select * from {{ ref('int_chat__questions_understood') }}

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
        understood.language,
        understood.language_confidence,
        understood.intent,
        understood.intent_confidence,
        understood.is_out_of_scope,
        understood.sentiment,
        understood.sentiment_score,
        understood.entities,
        (messages.created_at at time zone 'UTC')::date as created_on,
        messages.created_at,
        messages.completed_at
    from messages
    inner join conversations on messages.conversation_id = conversations.conversation_id
    left join understood on messages.message_id = understood.question_id

)

select * from placed
