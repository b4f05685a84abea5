select
    asked_on,
    intent,
    is_out_of_scope,
    questions,
    positive,
    neutral,
    negative
from analytics.fct_daily_intents
where bot_id = :bot_id and asked_on > current_date - :days
order by asked_on, intent
