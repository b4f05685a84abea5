{#- One text key of several columns; a null differs from an empty text. -#}
{% macro row_key(columns) -%}
    md5(jsonb_build_array({{ columns | join(', ') }})::text)
{%- endmacro %}
