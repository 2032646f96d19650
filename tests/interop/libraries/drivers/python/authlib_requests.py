from authlib.integrations.requests_client import OAuth2Session

from authlib_driver import attempt_with
from driver import drive


def session(setup: dict, a_try: dict, **options) -> OAuth2Session:
    made = OAuth2Session(**options)
    made.verify = setup["ca"]
    if "certificate" in a_try:
        made.cert = (a_try["certificate"], a_try["certificate_key"])
    return made


drive(attempt_with(session))
