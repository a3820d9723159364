"""A visitor without a browser: speaks Streamlit's protocol, so that many of them cost the machine little."""

import time

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

MOST = 2**28  # bytes of one message


class Guest:
    """One session of the app.

    Attributes:
        page: Where it is.
        said: All that the server has sent for the page as it stands, as text.
        waits: Seconds from every request to the end of the script.
    """

    def __init__(self, address, *, patience=60):
        place = address.replace("http://", "ws://") + "/_stcore/stream"
        self._way = connect(place, subprotocols=["streamlit"], max_size=MOST, open_timeout=patience)
        self._patience = patience
        self._states = {}
        self._labels = {}
        self.page, self._query = "", ""
        self.said, self.waits = "", []

    def __enter__(self):
        self._line = self._way.__enter__()
        return self

    def __exit__(self, *error):
        self._way.__exit__(*error)

    def open(self, page, query=""):
        """Go to a page with an address of its own; values of controls that it has not are dropped."""
        self.page, self._query = page, query
        self._states.clear()
        return self._run()

    def set(self, label, **value):
        """Give a control of the page a value, such as `string_value="a dog"`, and wait for the answer."""
        found = WidgetState(id=self._id(label))
        for name, given in value.items():
            if name == "numbers":
                found.double_array_value.data.extend(given)
            else:
                setattr(found, name, given)
        self._states[found.id] = found
        took = self._run()
        if "trigger_value" in value:
            del self._states[found.id]  # a click is over once it was answered
        return took

    def knows(self, label):
        """Whether a control of this label has been on a page."""
        return any(name.startswith(label) for name in self._labels)

    def _id(self, label):
        for name, key in self._labels.items():
            if name.startswith(label):
                return key
        raise AssertionError(f"{self.page}: no control {label!r}; there are {sorted(self._labels)}")

    def _run(self):
        asked = ClientState(query_string=self._query, page_name=self.page)
        asked.widget_states.widgets.extend(self._states.values())
        began, heard = time.monotonic(), []
        self._line.send(BackMsg(rerun_script=asked).SerializeToString())
        while True:
            message = ForwardMsg.FromString(self._line.recv(timeout=self._patience))
            kind = message.WhichOneof("type")
            if kind == "delta":
                self._look(message.delta)
                heard.append(str(message.delta))
            elif kind == "navigation":
                heard.append(str(message.navigation))
            elif kind == "script_finished" and message.script_finished in FINISHED:
                break
        self.waits.append(time.monotonic() - began)
        self.said = "\n".join(heard)
        assert "stException" not in self.said
        return self.waits[-1]

    def _look(self, delta):
        """Remember the controls of an element, by label."""
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        found = getattr(delta.new_element, kind) if kind else None
        assert kind != "exception", f"{self.page}: {found.message}"
        if getattr(found, "id", "") and getattr(found, "label", ""):
            self._labels[found.label] = found.id


FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
