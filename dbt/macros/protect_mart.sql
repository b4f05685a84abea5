{#- Row-level security of a mart, in the transaction that puts the table in place: it is never there without it.
    FORCE binds the owner too, so the owner has a policy of its own. -#}
{% macro protect_mart() -%}
    {%- set role = adapter.quote(var('app_role')) -%}
    alter table {{ this }} enable row level security;
    alter table {{ this }} force row level security;
    drop policy if exists owner_sees_all on {{ this }};
    create policy owner_sees_all on {{ this }} to current_user using (true) with check (true);
    drop policy if exists organization_only on {{ this }};
    create policy organization_only on {{ this }} for select to {{ role }}
    using (organization_id = current_setting('pixel.organization_id')::uuid);
    grant select on {{ this }} to {{ role }};
{%- endmacro %}


{#- Once per run, before any mart. -#}
{% macro open_marts_schema() -%}
    create schema if not exists {{ target.schema }};
    grant usage on schema {{ target.schema }} to {{ adapter.quote(var('app_role')) }};
{%- endmacro %}
