import hashlib
import time
import uuid
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import jwt
import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from requests.adapters import HTTPAdapter

from driver import Refused, drive, visit


def attempt(setup: dict, a_try: dict) -> str:
    application = application_of(setup, a_try)
    match a_try["grant"]:
        case "client_credentials":
            for _ in range(a_try.get("times", 1)):
                application.remove_tokens_for_client()
                answer = checked(application.acquire_token_for_client(["api"]))
        case "password":
            user = setup["username"], setup["password"]
            answer = checked(application.acquire_token_by_username_password(*user, scopes=[]))
        case "authorization_code":
            # The verifier, the state and the nonce are its own.
            flow = application.initiate_auth_code_flow([], redirect_uri=setup["redirect_uri"])
            redirected = dict(parse_qsl(urlsplit(visit(flow["auth_uri"])).query))
            answer = checked(application.acquire_token_by_auth_code_flow(flow, redirected))
            answer = checked(application.acquire_token_by_refresh_token(answer["refresh_token"], scopes=[]))
    return answer["access_token"]


def application_of(setup: dict, a_try: dict) -> msal.ClientApplication:
    session = requests.Session()
    session.verify = setup["ca"]
    issuer = urlsplit(setup["issuer"])
    session.mount(f"https://{issuer.hostname}/", AtItsPort(issuer))
    # OpenID Connect's discovery, in place of Microsoft's own.
    server = {"oidc_authority": setup["issuer"], "http_client": session}
    if a_try["method"] == "none":
        return msal.PublicClientApplication(a_try["client_id"], **server)
    return msal.ConfidentialClientApplication(
        a_try["client_id"], client_credential=credential(setup, a_try), **server)


class AtItsPort(HTTPAdapter):
    """msal asks the issuer's host what kind of account a user name is, and leaves its port out: the server has it."""

    def __init__(self, issuer):
        super().__init__()
        self.issuer = issuer

    def send(self, request, **options):
        request.url = urlsplit(request.url)._replace(netloc=self.issuer.netloc).geturl()
        return super().send(request, **options)


def credential(setup: dict, a_try: dict):
    if a_try["method"] == "client_secret_post":
        return a_try["client_secret"]
    if a_try.get("assertion") == "own":
        return {"client_assertion": lambda: own_assertion(setup, a_try)}
    text = Path(a_try["certificate"]).read_text()
    der = x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.DER)
    key = {"private_key": Path(a_try["key"]).read_text()}
    # By its SHA-1 it signs with RS256; by the certificate itself with PS256 and x5t#S256.
    if a_try["algorithm"] == "RS256":
        return {**key, "thumbprint": hashlib.sha1(der).hexdigest()}
    return {**key, "public_certificate": text}


def own_assertion(setup: dict, a_try: dict) -> str:
    """What msal's user signs: a new one for each request."""
    client_id, now = a_try["client_id"], int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": setup["issuer"], "jti": str(uuid.uuid4()),
              "iat": now, "exp": now + 60}
    key = Path(a_try["key"]).read_text()
    return jwt.encode(claims, key, algorithm=a_try["algorithm"], headers={"kid": a_try["kid"]})


def checked(answer: dict) -> dict:
    if "error" in answer:
        raise Refused(answer["error"])
    return answer


drive(attempt)
