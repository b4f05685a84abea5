with receipts as (

    select * from {{ ref('stg_app__receipts') }}

),

-- A question that was answered again was understood again; the last time counts.
understood as (

    select distinct on (question_id)
        question_id,
        organization_id,
        language,
        language_confidence,
        intent,
        intent_confidence,
        is_out_of_scope,
        sentiment,
        sentiment_score,
        entities
    from receipts
    order by question_id asc, created_at desc, receipt_id asc

)

select * from understood
