"""Reporters that call a function of a test."""

from pico_core.common.reporter import Cancelled, Relay, Reporter


class Calls(Reporter):
    """Calls a function for what it hears; what is not given does what a silent one does."""

    def __init__(self, **functions):
        self._of_step, self._of_record = functions.pop("step", None), functions.pop("record", None)
        for name, function in functions.items():
            setattr(self, name, function)

    def step(self, done, total, *, name="", record=None):
        if self._of_step is not None:
            self._of_step(done, total, name=name)
        if self._of_record is not None:
            self._of_record(record)


def stop_at(last, steps=None, *, only=None):
    """A reporter that ends the work at its step of this number (of `only` this name), and lists its steps."""

    def step(done, _total, name):
        if steps is not None:
            steps.append(done)
        if done >= last and only in {None, name}:
            raise Cancelled

    return Calls(step=step)


def told(steps):
    """A reporter that lists every step with the stage it belongs to: (stage, done, total)."""
    stages = [""]
    return Calls(stage=stages.append, step=lambda done, total, name: steps.append((stages[-1], done, total)))


def pressed_at(last, whole):
    """Passes everything on, and raises what a key press does after the step of this number."""

    class Pressed(Relay):
        def step(self, done, total, *, name="", record=None):
            super().step(done, total, name=name, record=record)
            if done == last:
                raise KeyboardInterrupt

    return Pressed(whole)
