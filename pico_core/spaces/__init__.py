"""The semantic and the style space: items in them, maps of them, and what is measured in them."""
