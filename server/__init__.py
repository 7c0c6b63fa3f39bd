"""The layers of the server around Streamlit, one a file; ``app.py`` puts them together."""
