with handovers as (

    select * from {{ ref('int_chat__handovers_attributed') }}

),

final as (

    select
        handover_id,
        organization_id,
        conversation_id,
        bot_id,
        reason,
        state,
        replies::integer as replies,
        waited_s::double precision as waited_s,
        handled_s::double precision as handled_s,
        created_on,
        created_at,
        first_assigned_at,
        resolved_at
    from handovers

)

select * from final
