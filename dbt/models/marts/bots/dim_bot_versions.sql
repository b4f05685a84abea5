with versions as (

    select * from {{ ref('int_bots__versions_described') }}

),

final as (

    select
        bot_version_id,
        organization_id,
        bot_id,
        bot_version_number::integer as bot_version_number,
        config_hash::text as config_hash,
        provider::text as provider,
        model::text as model,
        is_current,
        created_at
    from versions

)

select * from final
