"""One page each: ask the controls, call the answers, draw the figures."""
