with source as (

    select * from {{ source('app', 'eval_scores') }}

),

renamed as (

    select
        id as eval_score_id,
        organization_id,
        eval_run_id,
        message_id,

        sample_id,
        scorer,
        details ->> 'language' as language,

        value as score
    from source

)

select * from renamed
