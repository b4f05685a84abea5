with versions as (

    select * from {{ ref('stg_app__chatbot_versions') }}

),

bots as (

    select * from {{ ref('stg_app__chatbots') }}

),

described as (

    select
        versions.bot_version_id,
        versions.organization_id,
        versions.bot_id,
        versions.bot_version_number,
        versions.config_hash,
        versions.provider,
        versions.model,
        coalesce(bots.current_bot_version_id = versions.bot_version_id, false) as is_current,
        versions.created_at
    from versions
    inner join bots on versions.bot_id = bots.bot_id

)

select * from described
