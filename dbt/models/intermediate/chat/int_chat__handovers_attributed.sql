with handovers as (

    select * from {{ ref('stg_app__handovers') }}

),

conversations as (

    select * from {{ ref('stg_app__conversations') }}

),

messages as (

    select * from {{ ref('stg_app__messages') }}

),

replies as (

    select
        handovers.handover_id,
        count(*) as replies
    from handovers
    inner join messages
        on
            handovers.conversation_id = messages.conversation_id
            and messages.message_author = 'agent'
            and handovers.created_at <= messages.created_at
            and messages.created_at <= coalesce(handovers.resolved_at, 'infinity')
    group by handovers.handover_id

),

attributed as (

    select
        handovers.handover_id,
        handovers.organization_id,
        handovers.conversation_id,
        conversations.bot_id,
        handovers.reason,
        handovers.state,
        coalesce(replies.replies, 0) as replies,
        extract(epoch from handovers.first_assigned_at - handovers.created_at) as waited_s,
        extract(epoch from handovers.resolved_at - handovers.first_assigned_at) as handled_s,
        (handovers.created_at at time zone 'UTC')::date as created_on,
        handovers.created_at,
        handovers.first_assigned_at,
        handovers.resolved_at
    from handovers
    inner join conversations on handovers.conversation_id = conversations.conversation_id
    left join replies on handovers.handover_id = replies.handover_id

)

select * from attributed
