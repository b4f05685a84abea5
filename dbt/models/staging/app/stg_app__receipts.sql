with source as (

    select * from {{ source('app', 'receipts') }}

),

renamed as (

    select
        id as receipt_id,
        organization_id,
        message_id,
        question_id,
        conversation_id,
        chatbot_id as bot_id,
        chatbot_version_id as bot_version_id,
        conversation_flow_id,
        index_version_id,

        experiment,
        arm,
        prompt_template,
        prompt_hash,
        provider,
        model,
        adapter_hash,
        finish_reason,
        is_refused,
        language,
        understanding ->> 'intent' as intent,
        (understanding ->> 'is_out_of_scope')::boolean as is_out_of_scope,
        understanding -> 'sentiment' ->> 'label' as sentiment,

        (understanding ->> 'language_confidence')::double precision as language_confidence,
        (understanding ->> 'intent_confidence')::double precision as intent_confidence,
        (understanding -> 'sentiment' ->> 'score')::double precision as sentiment_score,
        jsonb_array_length(understanding -> 'entities') as entities,
        prompt_tokens,
        completion_tokens,
        cost_reserved_usd,
        cost_settled_usd,
        (latencies_ms ->> 'embed')::double precision as embed_ms,
        (latencies_ms ->> 'search')::double precision as search_ms,
        (latencies_ms ->> 'first_token')::double precision as first_token_ms,
        (latencies_ms ->> 'generate')::double precision as generate_ms,
        (latencies_ms ->> 'total')::double precision as total_ms,

        created_at
    from source

)

select * from renamed
