with organizations as (

    select * from {{ ref('int_accounts__organizations_described') }}

),

final as (

    select
        organization_id,
        organization_name::text as organization_name,
        organization_slug::text as organization_slug,
        members::bigint as members,
        created_at
    from organizations

)

select * from final
