select percentile_cont(0.95) within group (order by total_ms) as p95_ms
from analytics.fct_answers
where created_on > current_date - :days and channel <> 'eval' and total_ms is not null
