with source as (

    select * from {{ source('app', 'jobs') }}

),

renamed as (

    select
        id as job_id,
        organization_id,
        subject_id,

        kind as job_kind,
        state as job_state,

        attempts,

        created_at,
        started_at,
        finished_at
    from source

)

select * from renamed
