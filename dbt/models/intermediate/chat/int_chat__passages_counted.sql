with passages as (

    select * from {{ ref('stg_app__receipt_passages') }}

),

counted as (

    select
        receipt_id,
        count(*) as passages_retrieved,
        count(*) filter (where is_cited) as passages_cited,
        sum(quote_count) as quotes,
        max(best_score) as best_score
    from passages
    group by receipt_id

)

select * from counted
