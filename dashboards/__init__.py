"""Streamlit dashboards: what runs, what was asked, what is known, and a place to ask."""
