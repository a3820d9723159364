"""What `pico-lens app` starts. Streamlit puts its folder on the path, so it lies there alone."""

from pico_app.door import open_door

open_door()
