from pathlib import Path

import requests
from jwskate import Jwk
from requests_oauth2client import (
    ClientSecretBasic, ClientSecretJwt, ClientSecretPost, OAuth2Client, PrivateKeyJwt, PublicApp)
from requests_oauth2client.exceptions import EndpointError

from driver import Refused, drive, visit


def attempt(setup: dict, a_try: dict) -> str:
    session = requests.Session()
    session.verify = setup["ca"]
    if "certificate" in a_try:
        session.cert = (a_try["certificate"], a_try["certificate_key"])
    client = OAuth2Client(
        token_endpoint=setup["token_endpoint"], authorization_endpoint=setup["authorization_endpoint"],
        redirect_uri=setup["redirect_uri"], issuer=setup["issuer"], auth=authentication(a_try), session=session)
    try:
        if a_try["grant"] == "client_credentials":
            return client.client_credentials().access_token
        if a_try["grant"] == "password":
            user = {"username": setup["username"], "password": setup["password"]}
            return client.resource_owner_password(**user, scope="openid").access_token
        request = client.authorization_request(scope="openid", id_token_signed_response_alg=None)
        answer = request.validate_callback(visit(str(request)))
        token = client.authorization_code(answer.code, code_verifier=answer.code_verifier,
            redirect_uri=setup["redirect_uri"], validate=False)
        return client.refresh_token(token.refresh_token).access_token
    except EndpointError as error:
        raise Refused(error.error) from error


def authentication(a_try: dict):
    client_id, secret, algorithm = a_try["client_id"], a_try.get("client_secret"), a_try["algorithm"]
    match a_try["method"]:
        case "client_secret_basic":
            return ClientSecretBasic(client_id, secret)
        case "client_secret_post":
            return ClientSecretPost(client_id, secret)
        case "client_secret_jwt":
            return ClientSecretJwt(client_id, secret, alg=algorithm)
        case "private_key_jwt":
            key = Jwk.from_pem(Path(a_try["key"]).read_text())
            return PrivateKeyJwt(client_id, {**key, "kid": a_try["kid"]}, alg=algorithm)
    # With a certificate too, the name stands in the form.
    return PublicApp(client_id)


drive(attempt)
