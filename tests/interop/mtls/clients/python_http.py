"""Python's http.client over its ssl module. README.md here says what is read and written."""

import socket
import ssl
from http.client import HTTPSConnection
from urllib.parse import urlsplit

from tries import Try, answered, run


class Connection(HTTPSConnection):
    """One that can resume a session, which HTTPSConnection has no word for."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, session: ssl.SSLSession | None = None):
        super().__init__(host, port, context=context, timeout=60)
        self.tls, self.session = context, session

    def connect(self):
        stream = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self.tls.wrap_socket(stream, server_hostname=self.host, session=self.session)


def attempt(a_try: Try) -> None:
    context = ssl.create_default_context(cafile=a_try.ca)
    context.minimum_version = context.maximum_version = a_try.tls_version()
    if a_try.has_certificate():
        context.load_cert_chain(a_try.certificate, a_try.key)
    url = urlsplit(a_try.url)
    connection = Connection(url.hostname, url.port, context)
    used = post(connection, a_try, "first")
    again = post(connection, a_try, "again", lambda socket: socket is used)
    session = again.session
    connection.close()
    connection = Connection(url.hostname, url.port, context, session)
    post(connection, a_try, "resumed", lambda socket: socket.session_reused)
    connection.close()


def post(connection: Connection, a_try: Try, label: str, holds=lambda _: True) -> ssl.SSLSocket:
    connection.request("POST", urlsplit(a_try.url).path, a_try.form, a_try.headers())
    # An answer that closes the connection takes the socket with it.
    used = connection.sock
    response = connection.getresponse()
    body = response.read().decode()
    answered(label if holds(used) else f"not-{label}", response.status, used.version(), body)
    return used


run(attempt)
