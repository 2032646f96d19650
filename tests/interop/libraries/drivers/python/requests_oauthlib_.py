from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from driver import Refused, drive, visit

CLIENTS = {
    "client_credentials": BackendApplicationClient, "password": LegacyApplicationClient,
    "authorization_code": WebApplicationClient,
}


def attempt(setup: dict, a_try: dict) -> str:
    client_id, grant, url = a_try["client_id"], a_try["grant"], setup["token_endpoint"]
    session = OAuth2Session(
        client=CLIENTS[grant](client_id), scope=["openid"], redirect_uri=setup["redirect_uri"],
        pkce="S256" if grant == "authorization_code" else None)
    session.verify = setup["ca"]
    if "certificate" in a_try:
        session.cert = (a_try["certificate"], a_try["certificate_key"])
    # Each of its three calls takes them in its own way.
    if a_try["method"] == "client_secret_basic":
        options = {"auth": HTTPBasicAuth(client_id, a_try["client_secret"])}
    elif a_try["method"] == "client_secret_post":
        options = {"include_client_id": True, "client_secret": a_try["client_secret"]}
    else:
        options = {"include_client_id": True}
    try:
        if grant == "client_credentials":
            return session.fetch_token(url, **options)["access_token"]
        if grant == "password":
            user = {"username": setup["username"], "password": setup["password"]}
            return session.fetch_token(url, **user, **options)["access_token"]
        page, _ = session.authorization_url(setup["authorization_endpoint"])
        token = session.fetch_token(url, authorization_response=https(visit(page)), **options)
        options = {"auth": options["auth"]} if "auth" in options else {"client_id": client_id, **options}
        options.pop("include_client_id", None)
        return session.refresh_token(url, refresh_token=token["refresh_token"], **options)["access_token"]
    except OAuth2Error as error:
        if not error.error:
            raise
        raise Refused(error.error) from error


def https(url: str) -> str:
    """It wants the redirect URI to be https, which that of a native application is not."""
    return url.replace("http://", "https://", 1)


drive(attempt)
