"""One page each: ask the controls, call the services, draw the figures."""
