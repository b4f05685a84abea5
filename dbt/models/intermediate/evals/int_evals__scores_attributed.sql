with scores as (

    select * from {{ ref('stg_app__eval_scores') }}

),

runs as (

    select * from {{ ref('stg_app__eval_runs') }}

),

attributed as (

    select
        scores.eval_score_id,
        scores.organization_id,
        scores.eval_run_id,
        scores.message_id as answer_id,
        runs.bot_id,
        runs.index_version_id,
        runs.task,
        runs.dataset,
        runs.dataset_hash,
        scores.sample_id,
        scores.scorer,
        scores.language,
        scores.score,
        runs.created_at
    from scores
    inner join runs on scores.eval_run_id = runs.eval_run_id

)

select * from attributed
