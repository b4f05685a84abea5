with source as (

    select * from {{ source('app', 'chatbot_templates') }}

),

renamed as (

    select
        id as template_id,

        template_id as template_slug,
        name as template_name,
        category as template_category
    from source

)

select * from renamed
