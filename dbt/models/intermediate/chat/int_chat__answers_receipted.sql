with placed as (

    select * from {{ ref('int_chat__messages_placed') }}

),

openings as (

    -- What a bot says before anybody asked answers nothing: no turn before it is a person's.
    select
        conversation_id,
        min(ordinal) as first_asked
    from placed
    where message_role = 'user'
    group by conversation_id

),

messages as (

    select placed.*
    from placed
    inner join openings on placed.conversation_id = openings.conversation_id
    where placed.message_author = 'bot' and placed.ordinal > openings.first_asked

),

receipts as (

    select * from {{ ref('stg_app__receipts') }}

),

passages as (

    select * from {{ ref('int_chat__passages_counted') }}

),

feedback as (

    select * from {{ ref('int_chat__feedback_summarised') }}

),

receipted as (

    select
        messages.message_id as answer_id,
        messages.organization_id,
        messages.conversation_id,
        messages.bot_id,
        messages.channel,
        messages.asker,
        messages.message_state as answer_state,
        messages.error_type,
        messages.character_count,
        messages.created_on,
        messages.created_at,
        messages.completed_at,
        receipts.receipt_id,
        receipts.question_id,
        receipts.bot_version_id,
        receipts.conversation_flow_id,
        receipts.index_version_id,
        receipts.experiment,
        receipts.arm,
        receipts.prompt_template,
        receipts.prompt_hash,
        receipts.provider,
        receipts.model,
        receipts.adapter_hash,
        receipts.finish_reason,
        receipts.is_refused,
        receipts.language,
        receipts.language_confidence,
        receipts.intent,
        receipts.intent_confidence,
        receipts.is_out_of_scope,
        receipts.sentiment,
        receipts.sentiment_score,
        receipts.entities,
        receipts.prompt_tokens,
        receipts.completion_tokens,
        receipts.cost_reserved_usd,
        receipts.cost_settled_usd,
        receipts.embed_ms,
        receipts.search_ms,
        receipts.first_token_ms,
        receipts.generate_ms,
        receipts.total_ms,
        coalesce(passages.passages_retrieved, 0) as passages_retrieved,
        coalesce(passages.passages_cited, 0) as passages_cited,
        coalesce(passages.quotes, 0) as quotes,
        passages.best_score,
        coalesce(feedback.thumbs_up, 0) as thumbs_up,
        coalesce(feedback.thumbs_down, 0) as thumbs_down
    from messages
    left join receipts on messages.message_id = receipts.message_id
    left join passages on receipts.receipt_id = passages.receipt_id
    left join feedback on messages.message_id = feedback.message_id

)

select * from receipted
