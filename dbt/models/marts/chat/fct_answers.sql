{{
    config(
        materialized='incremental',
        unique_key='answer_id',
        incremental_strategy='delete+insert',
        on_schema_change='fail',
        pre_hook="{{ delete_vanished(ref('int_chat__answers_receipted'), 'answer_id') }}"
    )
}}

with answers as (

    select * from {{ ref('int_chat__answers_receipted') }}

),

final as (

    select
        answers.answer_id,
        answers.organization_id,
        answers.conversation_id,
        answers.question_id,
        answers.receipt_id,
        answers.bot_id,
        answers.bot_version_id,
        answers.conversation_flow_id,
        answers.index_version_id,
        answers.channel::text as channel,
        answers.asker::text as asker,
        answers.answer_state::text as answer_state,
        answers.error_type::text as error_type,
        answers.experiment::text as experiment,
        answers.arm::text as arm,
        answers.prompt_template::text as prompt_template,
        answers.prompt_hash::text as prompt_hash,
        answers.provider::text as provider,
        answers.model::text as model,
        answers.adapter_hash::text as adapter_hash,
        answers.finish_reason::text as finish_reason,
        answers.language::text as language,
        answers.intent::text as intent,
        answers.sentiment::text as sentiment,
        answers.is_out_of_scope,
        answers.language_confidence::double precision as language_confidence,
        answers.intent_confidence::double precision as intent_confidence,
        answers.sentiment_score::double precision as sentiment_score,
        answers.entities::integer as entities,
        answers.is_refused,
        answers.character_count::integer as character_count,
        answers.prompt_tokens::integer as prompt_tokens,
        answers.completion_tokens::integer as completion_tokens,
        answers.cost_reserved_usd::numeric(14, 8) as cost_reserved_usd,
        answers.cost_settled_usd::numeric(14, 8) as cost_settled_usd,
        answers.embed_ms::double precision as embed_ms,
        answers.search_ms::double precision as search_ms,
        answers.first_token_ms::double precision as first_token_ms,
        answers.generate_ms::double precision as generate_ms,
        answers.total_ms::double precision as total_ms,
        answers.passages_retrieved::bigint as passages_retrieved,
        answers.passages_cited::bigint as passages_cited,
        answers.quotes::bigint as quotes,
        answers.best_score::double precision as best_score,
        answers.thumbs_up::bigint as thumbs_up,
        answers.thumbs_down::bigint as thumbs_down,
        answers.created_on,
        answers.created_at,
        answers.completed_at
    from answers
    {{ only_changed('answers', 'answer_id', [
        'answer_state', 'error_type', 'character_count', 'completed_at', 'receipt_id', 'conversation_flow_id',
        'index_version_id', 'cost_settled_usd', 'passages_retrieved', 'passages_cited', 'thumbs_up', 'thumbs_down'
    ]) }}

)

select * from final
