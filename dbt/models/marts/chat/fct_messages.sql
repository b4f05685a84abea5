{{
    config(
        materialized='incremental',
        unique_key='message_id',
        incremental_strategy='delete+insert',
        on_schema_change='fail',
        pre_hook="{{ delete_vanished(ref('int_chat__messages_placed'), 'message_id') }}"
    )
}}

with messages as (

    select * from {{ ref('int_chat__messages_placed') }}

),

final as (

    select
        messages.message_id,
        messages.organization_id,
        messages.conversation_id,
        messages.parent_message_id,
        messages.bot_id,
        messages.channel::text as channel,
        messages.asker::text as asker,
        messages.ordinal::integer as ordinal,
        messages.variant::integer as variant,
        messages.message_role::text as message_role,
        messages.message_author::text as message_author,
        messages.message_state::text as message_state,
        messages.error_type::text as error_type,
        messages.character_count::integer as character_count,
        messages.language::text as language,
        messages.intent::text as intent,
        messages.sentiment::text as sentiment,
        messages.is_out_of_scope,
        messages.language_confidence::double precision as language_confidence,
        messages.intent_confidence::double precision as intent_confidence,
        messages.sentiment_score::double precision as sentiment_score,
        messages.entities::integer as entities,
        messages.created_on,
        messages.created_at,
        messages.completed_at
    from messages
    {{ only_changed('messages', 'message_id', [
        'parent_message_id', 'message_state', 'error_type', 'character_count', 'completed_at', 'language',
        'language_confidence', 'intent', 'intent_confidence', 'is_out_of_scope', 'sentiment', 'sentiment_score', 'entities'
    ]) }}

)

select * from final
