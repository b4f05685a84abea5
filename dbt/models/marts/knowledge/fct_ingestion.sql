with versions as (

    select * from {{ ref('int_knowledge__versions_measured') }}

),

final as (

    select
        document_version_id,
        organization_id,
        document_id,
        knowledge_base_id,
        version_state::text as outcome,
        failure_type::text as failure_type,
        failure_reason::text as failure_reason,
        version_state = 'failed' as is_failed,
        attempts::bigint as attempts,
        byte_size::bigint as byte_size,
        coalesce(page_count, 0)::bigint as pages,
        passages::bigint as passages,
        tokens::bigint as tokens,
        waiting_s::double precision as waiting_s,
        processing_s::double precision as processing_s,
        upload_to_ready_s::double precision as upload_to_ready_s,
        (created_at at time zone 'UTC')::date as created_on,
        created_at,
        first_started_at,
        last_finished_at,
        ready_at
    from versions

)

select * from final
