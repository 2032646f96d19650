"""requests, whose connections urllib3 pools. README.md here says what is read and written."""

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from tries import Try, answered, run


class OneVersion(HTTPAdapter):
    """Speaks one version of TLS."""

    def __init__(self, a_try: Try):
        self.version = a_try.tls_version()
        super().__init__()

    def init_poolmanager(self, *args, **options):
        context = create_urllib3_context()
        context.minimum_version = context.maximum_version = self.version
        super().init_poolmanager(*args, ssl_context=context, **options)


def attempt(a_try: Try) -> None:
    with requests.Session() as session:
        # Proxies of the environment are not meant for this machine.
        session.trust_env = False
        adapter = OneVersion(a_try)
        session.mount("https://", adapter)
        session.verify = a_try.ca
        if a_try.has_certificate():
            session.cert = (a_try.certificate, a_try.key)
        for label in ["first", "again"]:
            response = session.post(
                a_try.url, data=a_try.form, headers=a_try.headers(), timeout=60, stream=True)
            # Before the body is read, for then the connection goes back to its pool.
            version = response.raw.connection.sock.version()
            pools = adapter.poolmanager.pools
            opened = sum(pools[key].num_connections for key in pools.keys())
            answered(label if opened == 1 else f"not-{label}", response.status_code, version, response.text)


run(attempt)
