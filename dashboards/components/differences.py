"""What two versions of a document say differently, passage by passage."""

import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import PassageChangeOut, VersionOut


def differences(client: ApiClient, document_id: uuid.UUID, listed: list[VersionOut]) -> None:
    """Two versions beside each other; nothing is compared before somebody asks for it."""
    numbers = [version.number for version in listed if version.expected_count is not None]
    if len(numbers) < 2 or not st.toggle(strings.DIFF, key=f"diff-{document_id}"):
        return
    current = next((version.number for version in listed if version.is_current), numbers[0])
    before = next((number for number in numbers if number < current), numbers[-1])
    left, right = st.columns(2)
    older = left.selectbox(
        strings.DIFF_FROM, numbers, index=numbers.index(before), format_func=_name, key=f"diff-from-{document_id}"
    )
    newer = right.selectbox(
        strings.DIFF_TO, numbers, index=numbers.index(current), format_func=_name, key=f"diff-to-{document_id}"
    )
    found = client.diff(document_id, from_version=older, to_version=newer)
    if not found.changes:
        st.info(strings.DIFF_NONE)
        return
    st.caption(strings.DIFF_SUMMARY.format(**found.model_dump(include={"changed", "added", "removed", "same"})))
    for change in found.changes:
        _change(change)
    if found.is_truncated:
        st.caption(strings.DIFF_CUT)


def _name(number: int) -> str:
    return strings.DIFF_VERSION.format(number=number)


def _change(change: PassageChangeOut) -> None:
    place = " › ".join(change.heading_path)
    page = strings.PAGE.format(page=change.page) if change.page else ""
    with st.container(border=True):
        st.caption(plain(" · ".join(part for part in (strings.DIFF_KINDS[change.kind], place, page) if part)))
        if change.kind == "changed":
            st.markdown("".join(_marked(run.kind, run.text) for run in change.words))
        else:
            st.markdown(_marked(change.kind, change.after or change.before or ""))


def _marked(kind: str, text: str) -> str:
    """Escaped text, struck through where it went and highlighted where it came; lines keep their own marks."""
    if kind == "same":
        return plain(text)
    lines = []
    for line in text.split("\n"):
        words = line.strip()
        if not words:
            lines.append(line)
            continue
        shown = f":red[~~{plain(words)}~~]" if kind == "removed" else f":green-background[{plain(words)}]"
        lead, tail = line[: len(line) - len(line.lstrip())], line[len(line.rstrip()) :]
        lines.append(f"{lead}{shown}{tail}")
    return "  \n".join(lines)
