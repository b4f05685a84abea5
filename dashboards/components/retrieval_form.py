"""Widgets for retrieval settings: what is left alone is not said."""

import json
from typing import Any

import streamlit as st

from dashboards import strings
from serving.client.shapes import RetrievalOverrides


def retrieval_form(key: str, said: RetrievalOverrides | None = None) -> dict[str, Any] | None:
    """The settings that were chosen; None, with a word why, where the boosts are no JSON.

    Args:
        key: Of the widgets.
        said: What is chosen at first.
    """
    start = said or RetrievalOverrides()
    values = {
        "mode": _choice(strings.RETRIEVAL_MODE, strings.RETRIEVAL_MODES, start.mode, f"{key}-mode"),
        "fusion": _choice(strings.RETRIEVAL_FUSION, strings.RETRIEVAL_FUSIONS, start.fusion, f"{key}-fusion"),
        "vector_weight": _share(strings.RETRIEVAL_WEIGHT, start.vector_weight, f"{key}-weight"),
        "diversity": _share(strings.RETRIEVAL_DIVERSITY, start.diversity, f"{key}-diversity"),
        "neighbours": st.number_input(
            strings.RETRIEVAL_NEIGHBOURS, 0, 3, start.neighbours, key=f"{key}-neighbours", placeholder=_DEFAULT
        ),
        "reranks": _choice(strings.RETRIEVAL_RERANKS, strings.RETRIEVAL_YES_NO, start.reranks, f"{key}-reranks"),
    }
    given = [one.model_dump(mode="json", exclude_defaults=True) for one in start.boosts or ()]
    text = st.text_area(
        strings.RETRIEVAL_BOOSTS,
        json.dumps(given) if given else "",
        key=f"{key}-boosts",
        help=strings.RETRIEVAL_BOOSTS_HELP,
        height=68,
    )
    try:
        values["boosts"] = json.loads(text) if text.strip() else None
    except json.JSONDecodeError as error:
        st.error(strings.RETRIEVAL_BOOSTS_WRONG.format(error=error.msg))
        return None
    kept = start.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in {**kept, **values}.items() if value is not None}


_DEFAULT = strings.RETRIEVAL_DEFAULT


def _choice(label: str, names: dict[Any, str], value: Any, key: str) -> Any:
    options = list(names)
    return st.selectbox(
        label,
        options,
        index=options.index(value) if value is not None else None,
        format_func=lambda one: names[one],
        placeholder=_DEFAULT,
        key=key,
    )


def _share(label: str, value: float | None, key: str) -> float | None:
    return st.number_input(label, 0.0, 1.0, value, step=0.05, key=key, placeholder=_DEFAULT)
