with source as (

    select * from {{ source('app', 'members') }}

),

renamed as (

    select
        id as member_id,
        organization_id,
        user_id,

        role as member_role,
        is_active,

        created_at
    from source

)

select * from renamed
