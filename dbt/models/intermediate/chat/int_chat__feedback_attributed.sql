with feedback as (

    select * from {{ ref('stg_app__feedback') }}

),

messages as (

    select * from {{ ref('int_chat__messages_placed') }}

),

attributed as (

    select
        feedback.feedback_id,
        feedback.organization_id,
        feedback.message_id as answer_id,
        messages.conversation_id,
        messages.bot_id,
        feedback.rating,
        feedback.has_comment,
        feedback.user_id is not null as is_from_user,
        (feedback.created_at at time zone 'UTC')::date as created_on,
        feedback.created_at,
        feedback.updated_at
    from feedback
    inner join messages on feedback.message_id = messages.message_id

)

select * from attributed
