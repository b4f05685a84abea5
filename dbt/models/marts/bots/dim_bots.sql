with bots as (

    select * from {{ ref('int_bots__bots_described') }}

),

final as (

    select
        bot_id,
        organization_id,
        current_bot_version_id,
        bot_name::text as bot_name,
        bot_slug::text as bot_slug,
        bot_status::text as bot_status,
        template_slug::text as template_slug,
        template_category::text as template_category,
        knowledge_bases::bigint as knowledge_bases,
        created_at,
        archived_at
    from bots

)

select * from final
