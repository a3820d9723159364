"""One file a question: what a page asks of the engine, kept under all that goes into it."""
