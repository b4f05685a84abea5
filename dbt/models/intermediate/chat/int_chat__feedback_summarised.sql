with feedback as (

    select * from {{ ref('stg_app__feedback') }}

),

summarised as (

    select
        message_id,
        count(*) filter (where rating = 1) as thumbs_up,
        count(*) filter (where rating = -1) as thumbs_down
    from feedback
    group by message_id

)

select * from summarised
