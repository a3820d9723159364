"""Records and frames in, Plotly figures out. Never streamlit, never torch."""
