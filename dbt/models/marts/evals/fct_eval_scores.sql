with scores as (

    select * from {{ ref('int_evals__scores_attributed') }}

),

final as (

    select
        eval_score_id,
        organization_id,
        eval_run_id,
        answer_id,
        bot_id,
        index_version_id,
        task::text as task,
        dataset::text as dataset,
        dataset_hash::text as dataset_hash,
        sample_id::text as sample_id,
        scorer::text as scorer,
        language::text as language,
        score::double precision as score,
        created_at
    from scores

)

select * from final
