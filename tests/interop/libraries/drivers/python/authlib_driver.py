"""Authlib, on whichever HTTP library."""

from pathlib import Path

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc.jwk import ECKey, OKPKey

from driver import Refused, visit


def attempt_with(session):
    """By sessions that `session(setup, a_try, **options)` makes."""
    def attempt(setup: dict, a_try: dict) -> str:
        client = session(
            setup, a_try, client_id=a_try["client_id"], scope="openid", redirect_uri=setup["redirect_uri"],
            code_challenge_method="S256", **authentication(setup, a_try))
        client.metadata["token_endpoint"] = setup["token_endpoint"]
        try:
            return last_token(client, setup, a_try)
        except OAuthError as error:
            raise Refused(error.error) from error
    return attempt


def last_token(client, setup: dict, a_try: dict) -> str:
    url = setup["token_endpoint"]
    if a_try["grant"] == "client_credentials":
        for _ in range(a_try.get("times", 1)):
            token = client.fetch_token(url, grant_type="client_credentials")
        return token["access_token"]
    if a_try["grant"] == "password":
        return client.fetch_token(url, username=setup["username"], password=setup["password"])["access_token"]
    verifier = generate_token(48)
    page, state = client.create_authorization_url(setup["authorization_endpoint"], code_verifier=verifier)
    token = client.fetch_token(
        url, authorization_response=visit(page), state=state, code_verifier=verifier)
    return client.refresh_token(url, refresh_token=token["refresh_token"])["access_token"]


def authentication(setup: dict, a_try: dict) -> dict:
    method, secret = a_try["method"], a_try.get("client_secret")
    # By default it writes no `kid`.
    header = {"kid": a_try["kid"]} if "kid" in a_try else None
    options = {"token_endpoint": setup["token_endpoint"], "alg": a_try["algorithm"], "headers": header}
    if "claims" in a_try:
        options["claims"] = a_try["claims"]
    match method:
        case "client_secret_jwt":
            return {"client_secret": secret, "token_endpoint_auth_method": ClientSecretJWT(**options)}
        case "private_key_jwt":
            text = Path(a_try["key"]).read_text()
            # A text is taken for an RSA key.
            kind = {"ES": ECKey, "Ed": OKPKey}.get(a_try["algorithm"][:2])
            key = kind.import_key(text) if kind else text
            return {"client_secret": key, "token_endpoint_auth_method": PrivateKeyJWT(**options)}
        case "tls_client_auth" | "self_signed_tls_client_auth" | "none":
            # The name in the form, in all three.
            return {"client_secret": None, "token_endpoint_auth_method": "none"}
    return {"client_secret": secret, "token_endpoint_auth_method": method}
