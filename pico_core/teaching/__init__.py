"""What the Method page needs to let every step be seen and checked. Beyond the paper, except where a docstring says."""
