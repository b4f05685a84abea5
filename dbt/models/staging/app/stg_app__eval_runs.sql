with source as (

    select * from {{ source('app', 'eval_runs') }}

),

renamed as (

    select
        id as eval_run_id,
        organization_id,
        chatbot_id as bot_id,
        index_version_id,

        task,
        dataset,
        dataset_hash,

        created_at
    from source

)

select * from renamed
