with feedback as (

    select * from {{ ref('int_chat__feedback_attributed') }}

),

final as (

    select
        feedback_id,
        organization_id,
        answer_id,
        conversation_id,
        bot_id,
        rating::integer as rating,
        has_comment,
        is_from_user,
        created_on,
        created_at,
        updated_at
    from feedback

)

select * from final
