"""The dashboards as a server: Streamlit with the routes that keep people signed in."""

import streamlit as st

from dashboards.data.keeping import ROUTES

app = st.App("streamlit_app.py", routes=ROUTES)
