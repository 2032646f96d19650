import ssl

from authlib.integrations.httpx_client import OAuth2Client

from authlib_driver import attempt_with
from driver import drive


def session(setup: dict, a_try: dict, **options) -> OAuth2Client:
    trust = ssl.create_default_context(cafile=setup["ca"])
    if "certificate" in a_try:
        trust.load_cert_chain(a_try["certificate"], a_try["certificate_key"])
    return OAuth2Client(verify=trust, **options)


drive(attempt_with(session))
