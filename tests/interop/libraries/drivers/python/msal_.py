import hashlib
from pathlib import Path

import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from driver import Refused, drive


def attempt(setup: dict, a_try: dict) -> str:
    session = requests.Session()
    session.verify = setup["ca"]
    # OpenID Connect's discovery, in place of Microsoft's own.
    application = msal.ConfidentialClientApplication(
        a_try["client_id"], client_credential=credential(a_try), oidc_authority=setup["issuer"], http_client=session)
    for _ in range(a_try.get("times", 1)):
        application.remove_tokens_for_client()
        answer = application.acquire_token_for_client(["api"])
        if "error" in answer:
            raise Refused(answer["error"])
    return answer["access_token"]


def credential(a_try: dict):
    if a_try["method"] == "client_secret_post":
        return a_try["client_secret"]
    text = Path(a_try["certificate"]).read_text()
    der = x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.DER)
    key = {"private_key": Path(a_try["key"]).read_text()}
    # By its SHA-1 it signs with RS256; by the certificate itself with PS256 and x5t#S256.
    if a_try["algorithm"] == "RS256":
        return {**key, "thumbprint": hashlib.sha1(der).hexdigest()}
    return {**key, "public_certificate": text}


drive(attempt)
