select
    used_on,
    sum(answers_complete - answers_refused)::bigint as answered,
    sum(answers_refused)::bigint as refused,
    sum(answers_failed)::bigint as failed,
    sum(answers_cited)::bigint as cited,
    sum(thumbs_up)::bigint as thumbs_up,
    sum(thumbs_down)::bigint as thumbs_down,
    sum(cost_usd)::float8 as cost_usd
from analytics.fct_daily_usage
where used_on > current_date - :days
group by used_on
order by used_on
