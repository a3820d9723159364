"""`python -m pico_core` is the command line."""

from pico_core.cli import main

if __name__ == "__main__":
    main()
