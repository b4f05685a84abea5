"""Versions of a document: their state, what was found in them, and what can be decided about them."""

import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import VersionAction, VersionOut


def versions(client: ApiClient, document_id: uuid.UUID, listed: list[VersionOut]) -> None:
    """All versions, newest first; one that waits for a decision stands out."""
    for version in listed:
        if version.state == "held":
            _held(version)
        else:
            st.markdown(plain(_line(version)))
        _actions(client, document_id, version)
        _findings(version)


def _held(version: VersionOut) -> None:
    sentence = strings.VERSION_HELD if version.actions else strings.VERSION_HELD_LOOK
    reason = (version.failure_reason or "").rstrip(".")
    st.warning(plain(sentence.format(number=version.number, reason=reason)), icon=":material/front_hand:")


def _line(version: VersionOut) -> str:
    parts = [
        str(version.number),
        strings.STATES[version.state],
        strings.VERSION_CURRENT if version.is_current else "",
        f"{version.created_at:%d %b %Y %H:%M}",
        strings.VERSION_QUALITY.format(score=version.quality_score) if version.quality_score is not None else "",
        strings.VERSION_DATES.format(date=version.content_modified_at) if version.content_modified_at else "",
    ]
    why = f": {version.failure_reason}" if version.failure_reason else ""
    return " · ".join(part for part in parts if part) + why


def _actions(client: ApiClient, document_id: uuid.UUID, version: VersionOut) -> None:
    if not version.actions:
        return
    with st.container(horizontal=True):
        for action in version.actions:
            if st.button(_label(version, action), key=f"{action}-{version.id}"):
                client.decide(document_id, version.id, action)
                st.toast(strings.VERSION_DECIDED)
                st.rerun()


def _label(version: VersionOut, action: VersionAction) -> str:
    is_accepting = action == "make-current" and version.state == "held"
    return strings.VERSION_ACTIONS["accept" if is_accepting else action].format(number=version.number)


def _findings(version: VersionOut) -> None:
    if not version.findings_count:
        return
    title = strings.VERSION_FINDINGS.format(number=version.number, count=version.findings_count)
    with st.expander(title, icon=":material/info:"):
        for finding in version.findings:
            kind = strings.FINDINGS.get(str(finding["kind"]), str(finding["kind"]))
            page = f", {strings.PAGE.format(page=finding['page'])}" if finding.get("page") else ""
            st.markdown(f"**{plain(kind + page)}**: {plain(str(finding['detail']))}")
        if version.findings_count > len(version.findings):
            st.caption(strings.VERSION_FINDINGS_CUT.format(count=len(version.findings), total=version.findings_count))
