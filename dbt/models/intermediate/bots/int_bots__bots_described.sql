with bots as (

    select * from {{ ref('stg_app__chatbots') }}

),

templates as (

    select * from {{ ref('stg_app__chatbot_templates') }}

),

knowledge_bases as (

    select
        bot_id,
        count(*) as knowledge_bases
    from {{ ref('stg_app__chatbot_knowledge_bases') }}
    group by bot_id

),

described as (

    select
        bots.bot_id,
        bots.organization_id,
        bots.current_bot_version_id,
        bots.bot_name,
        bots.bot_slug,
        bots.bot_status,
        templates.template_slug,
        templates.template_category,
        coalesce(knowledge_bases.knowledge_bases, 0) as knowledge_bases,
        bots.created_at,
        bots.archived_at
    from bots
    left join templates on bots.template_id = templates.template_id
    left join knowledge_bases on bots.bot_id = knowledge_bases.bot_id

)

select * from described
