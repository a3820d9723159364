"""Pages that leave the app: one HTML file each, read without network. Records and figures in, escaped markup out."""
