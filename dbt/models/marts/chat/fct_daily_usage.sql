with answers as (

    select * from {{ ref('fct_answers') }}

),

usage as (

    select * from {{ ref('int_chat__usage_daily') }}

),

answered as (

    select
        organization_id,
        bot_id,
        created_on as used_on,
        count(*) filter (where channel <> 'eval') as answers,
        count(distinct conversation_id) filter (where channel <> 'eval') as conversations,
        count(*) filter (where channel <> 'eval' and answer_state = 'complete') as answers_complete,
        count(*) filter (where channel <> 'eval' and is_refused) as answers_refused,
        count(*) filter (where channel <> 'eval' and answer_state = 'failed') as answers_failed,
        count(*) filter (where channel <> 'eval' and passages_cited > 0) as answers_cited,
        count(*) filter (where channel = 'eval') as evaluation_answers,
        sum(thumbs_up) as thumbs_up,
        sum(thumbs_down) as thumbs_down,
        percentile_cont(0.5) within group (order by total_ms) filter (where channel <> 'eval') as p50_total_ms,
        percentile_cont(0.95) within group (order by total_ms) filter (where channel <> 'eval') as p95_total_ms
    from answers
    group by organization_id, bot_id, created_on

),

-- Usage outlives a deleted bot or conversation, and an answer can fail before it uses anything.
days as (

    select
        organization_id,
        bot_id,
        used_on
    from answered
    union
    select
        organization_id,
        bot_id,
        used_on
    from usage

),

final as (

    select
        {{ row_key(['days.organization_id', 'days.bot_id', 'days.used_on']) }} as daily_usage_key,
        days.organization_id,
        days.bot_id,
        days.used_on,
        coalesce(answered.answers, 0)::bigint as answers,
        coalesce(answered.conversations, 0)::bigint as conversations,
        coalesce(answered.answers_complete, 0)::bigint as answers_complete,
        coalesce(answered.answers_refused, 0)::bigint as answers_refused,
        coalesce(answered.answers_failed, 0)::bigint as answers_failed,
        coalesce(answered.answers_cited, 0)::bigint as answers_cited,
        coalesce(answered.evaluation_answers, 0)::bigint as evaluation_answers,
        coalesce(answered.thumbs_up, 0)::bigint as thumbs_up,
        coalesce(answered.thumbs_down, 0)::bigint as thumbs_down,
        coalesce(usage.provider_calls, 0)::bigint as provider_calls,
        coalesce(usage.prompt_tokens, 0)::bigint as prompt_tokens,
        coalesce(usage.completion_tokens, 0)::bigint as completion_tokens,
        coalesce(usage.cost_usd, 0)::numeric(14, 8) as cost_usd,
        answered.p50_total_ms::double precision as p50_total_ms,
        answered.p95_total_ms::double precision as p95_total_ms
    from days
    left join answered
        on
            days.organization_id = answered.organization_id
            and days.bot_id is not distinct from answered.bot_id
            and days.used_on = answered.used_on
    left join usage
        on
            days.organization_id = usage.organization_id
            and days.bot_id is not distinct from usage.bot_id
            and days.used_on = usage.used_on

)

select * from final
