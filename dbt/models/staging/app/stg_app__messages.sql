with source as (

    select * from {{ source('app', 'messages') }}

),

renamed as (

    select
        id as message_id,
        organization_id,
        conversation_id,
        parent_id as parent_message_id,

        -- The text stays where row-level security and erasing look after it.
        ordinal,
        variant,
        role as message_role,
        author as message_author,
        state as message_state,
        error_type,
        char_length(content) as character_count,

        created_at,
        completed_at
    from source

)

select * from renamed
