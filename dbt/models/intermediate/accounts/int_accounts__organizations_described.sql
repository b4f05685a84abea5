with organizations as (

    select * from {{ ref('stg_app__organizations') }}

),

members as (

    select
        organization_id,
        count(*) as members
    from {{ ref('stg_app__members') }}
    where is_active
    group by organization_id

),

described as (

    select
        organizations.organization_id,
        organizations.organization_name,
        organizations.organization_slug,
        coalesce(members.members, 0) as members,
        organizations.created_at
    from organizations
    left join members on organizations.organization_id = members.organization_id

)

select * from described
