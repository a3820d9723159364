"""A visitor without a browser: speaks Streamlit's protocol, so that many of them cost the machine little."""

import re
import time
from urllib.request import HTTPCookieProcessor, Request, build_opener

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileUploaderState, FileURLsRequest, UploadedFileInfo
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
        self._address = address
        self._patience = patience
        self._session = ""
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
            elif name == "file_uploader_state_value":
                found.file_uploader_state_value.CopyFrom(given)
            else:
                setattr(found, name, given)
        self._states[found.id] = found
        took = self._run()
        if "trigger_value" in value:
            del self._states[found.id]  # a click is over once it was answered
        return took

    def upload(self, label, name, content):
        """Give an uploader of the page a file, as a browser does, and wait for the answer."""
        asked = FileURLsRequest(request_id=name, file_names=[name], session_id=self._session)
        self._line.send(BackMsg(file_urls_request=asked).SerializeToString())
        while (message := self._next()).WhichOneof("type") != "file_urls_response":
            pass
        where = message.file_urls_response.file_urls[0]
        self._send_file(where.upload_url, name, content)
        about = UploadedFileInfo(name=name, size=len(content), file_id=where.file_id, file_urls=where)
        return self.set(label, file_uploader_state_value=FileUploaderState(uploaded_file_info=[about]))

    def _send_file(self, url, name, content):
        """The one request beside the line; its token comes in a cookie first."""
        jar = HTTPCookieProcessor()
        http = build_opener(jar)
        http.open(f"{self._address}/_stcore/health", timeout=self._patience).close()
        (token,) = (cookie.value for cookie in jar.cookiejar if cookie.name == "_streamlit_xsrf")
        edge = "pico-lens-guest"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        told = {"X-Xsrftoken": token, "Content-Type": f"multipart/form-data; boundary={edge}"}
        body = head + content + f"\r\n--{edge}--\r\n".encode()
        place = self._address + re.sub(r"^https?://[^/]+", "", url)
        http.open(Request(place, data=body, headers=told, method="PUT"), timeout=self._patience).close()

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
            message = self._next()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._session = message.new_session.initialize.session_id
            elif kind == "delta":
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

    def _next(self):
        return ForwardMsg.FromString(self._line.recv(timeout=self._patience))

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
