"""The Streamlit front end: knows screens, never a formula."""
