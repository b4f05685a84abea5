with usage as (

    select * from {{ ref('stg_app__usage') }}

),

messages as (

    select * from {{ ref('stg_app__messages') }}

),

-- The day of the answer, so that an answer given at midnight has its cost on the same day.
dated as (

    select
        usage.organization_id,
        usage.bot_id,
        (coalesce(messages.created_at, usage.created_at) at time zone 'UTC')::date as used_on,
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cost_usd
    from usage
    left join messages on usage.message_id = messages.message_id

),

daily as (

    select
        organization_id,
        bot_id,
        used_on,
        count(*) as provider_calls,
        sum(prompt_tokens) as prompt_tokens,
        sum(completion_tokens) as completion_tokens,
        sum(cost_usd) as cost_usd
    from dated
    group by organization_id, bot_id, used_on

)

select * from daily
