with source as (

    select * from {{ source('app', 'handovers') }}

),

renamed as (

    select
        id as handover_id,
        organization_id,
        conversation_id,

        state,
        reason,

        created_at,
        first_assigned_at,
        resolved_at
    from source

)

select * from renamed
