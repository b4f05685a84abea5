{#- What an incremental mart writes: rows that it does not have, or has with another value in one of `columns`.
    No clock takes part, so a row that commits late, an answer that ends later, feedback that arrives later and a
    reference that is emptied are all seen. `columns` must hold every column that can change after the first write. -#}
{% macro only_changed(alias, key, columns) -%}
    {%- if is_incremental() %}
    left join {{ this }} as existing on {{ alias }}.{{ key }} = existing.{{ key }}
    where
        existing.{{ key }} is null
        {%- for column in columns %}
        or existing.{{ column }} is distinct from {{ alias }}.{{ column }}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}


{#- Rows whose source is gone (an erased conversation, a deleted bot) leave an incremental mart too. -#}
{% macro delete_vanished(relation, key) -%}
    {%- if is_incremental() -%}
    delete from {{ this }} as mart
    where not exists (select 1 from {{ relation }} as source where source.{{ key }} = mart.{{ key }})
    {%- endif -%}
{%- endmacro %}
