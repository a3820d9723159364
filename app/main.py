"""What `streamlit run` is given; Streamlit puts the folder of this file on the path."""

from pico_app.door import open_door

open_door()
