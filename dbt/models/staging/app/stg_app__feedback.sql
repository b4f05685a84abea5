with source as (

    select * from {{ source('app', 'feedback') }}

),

renamed as (

    select
        id as feedback_id,
        organization_id,
        message_id,
        user_id,
        api_key_id,

        rating,
        comment is not null as has_comment,

        created_at,
        updated_at
    from source

)

select * from renamed
