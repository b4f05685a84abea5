select
    newest_state as state,
    count(*)::bigint as documents
from analytics.dim_documents
where not is_deleted
group by newest_state
order by newest_state
