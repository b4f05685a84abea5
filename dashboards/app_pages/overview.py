"""Overview: how much is asked, how well it is answered, what is known."""

import streamlit as st

from dashboards import strings
from dashboards.components.charts import answers_per_day, document_states
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, failed
from dashboards.data.warehouse import Overview, WarehouseNotBuiltError, by_outcome, overview

person = signed_in()
_METRIC_WIDTH = 170


def percent(share: float | None) -> str:
    """A share as a figure, or a dash."""
    return "–" if share is None else f"{share:.0%}"


def figures(found: Overview) -> None:
    """The figures at the top."""
    p95 = "–" if found.p95_ms is None else f"{found.p95_ms:,.0f} ms"
    shown: list[tuple[str, str, str | None]] = [
        (strings.OVERVIEW_ANSWERS, f"{found.answers:,}", None),
        (strings.OVERVIEW_GROUNDED, percent(found.grounded_share), None),
        (strings.OVERVIEW_REFUSED, percent(found.refused_share), strings.OVERVIEW_REFUSED_HELP),
        (strings.OVERVIEW_THUMBS, percent(found.thumbs_up_share), strings.OVERVIEW_THUMBS_HELP),
        (strings.OVERVIEW_P95, p95, strings.OVERVIEW_P95_HELP),
        (strings.OVERVIEW_COST, f"${found.cost_usd:,.2f}", None),
    ]
    with st.container(horizontal=True):
        for label, value, help_text in shown:
            # Three in a row on a desktop, two on a phone.
            st.metric(label, value, border=True, help=help_text, width=_METRIC_WIDTH)


st.title(strings.OVERVIEW)
days = st.segmented_control(
    strings.OVERVIEW_DAYS,
    list(strings.OVERVIEW_DAY_NAMES),
    default=30,
    required=True,
    format_func=lambda n: strings.OVERVIEW_DAY_NAMES[n],
)
try:
    with st.spinner(""):
        found = overview(person.current.organization_id, days or 30)
except WarehouseNotBuiltError:
    empty(strings.OVERVIEW_NOT_BUILT)
    st.stop()
except Exception as error:  # noqa: BLE001 - a page shows what went wrong, whatever it was
    failed(f"{type(error).__name__}: the warehouse cannot be read right now")
    st.stop()
figures(found)
st.subheader(strings.OVERVIEW_PER_DAY)
if found.answers:
    st.altair_chart(answers_per_day(by_outcome(found.daily, days or 30)), alt=strings.OVERVIEW_PER_DAY_ALT)
else:
    empty(strings.OVERVIEW_EMPTY)
st.subheader(strings.OVERVIEW_DOCUMENTS)
if len(found.documents):
    st.altair_chart(document_states(found.documents), alt=strings.OVERVIEW_DOCUMENTS_ALT)
else:
    empty(strings.OVERVIEW_NO_DOCUMENTS)
