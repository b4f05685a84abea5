{#- What a test's `where` selects. `__run_started_at__` stands for the start of this run: rows that came while it went on
    can be in a mart that was built late and not in one that was built early, which is no fault. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if where -%}
        (
            select * from {{ relation }}
            where {{ where | replace('__run_started_at__', "'" ~ run_started_at.isoformat() ~ "'::timestamptz") }}
        ) as dbt_subquery
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
