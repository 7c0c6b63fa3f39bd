"""A bare Streamlit page with one Plotly heatmap: what a first visit is compared with."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

st.plotly_chart(go.Figure(go.Heatmap(z=np.eye(9, 12))))
