with messages as (

    select * from {{ ref('fct_messages') }}

),

questions as (

    select * from messages
    where message_author = 'user' and channel <> 'eval'

),

daily as (

    select
        organization_id,
        bot_id,
        created_on as asked_on,
        intent,
        is_out_of_scope,
        count(*) as questions,
        count(*) filter (where sentiment = 'positive') as positive,
        count(*) filter (where sentiment = 'neutral') as neutral,
        count(*) filter (where sentiment = 'negative') as negative
    from questions
    group by organization_id, bot_id, created_on, intent, is_out_of_scope

),

final as (

    select
        {{ row_key(['organization_id', 'bot_id', 'asked_on', 'intent', 'is_out_of_scope']) }} as daily_intent_key,
        organization_id,
        bot_id,
        asked_on,
        intent::text as intent,
        is_out_of_scope,
        questions::bigint as questions,
        positive::bigint as positive,
        neutral::bigint as neutral,
        negative::bigint as negative
    from daily

)

select * from final
