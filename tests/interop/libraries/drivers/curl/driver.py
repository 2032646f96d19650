"""The curl command, with assertions that the openssl command signs. ../README.md says what is read and written."""

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import tempfile
import time
from urllib.parse import parse_qs, urlencode, urlsplit

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def main() -> None:
    setup = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        try:
            answer = attempt(setup, json.loads(line))
            name = "access_token" if "access_token" in answer else "error"
            say({name: answer[name]})
        except Exception as error:
            say({"failed": f"{type(error).__name__}: {error}"[:500]})


def attempt(setup: dict, a_try: dict) -> dict:
    if a_try["grant"] == "client_credentials":
        return ask(setup, a_try, {"grant_type": "client_credentials"})
    if a_try["grant"] == "password":
        user = {"username": setup["username"], "password": setup["password"], "scope": "openid"}
        return ask(setup, a_try, {"grant_type": "password", **user})
    verifier = secrets.token_urlsafe(32)
    page = {
        "response_type": "code", "client_id": a_try["client_id"], "redirect_uri": setup["redirect_uri"],
        "scope": "openid", "code_challenge_method": "S256",
        "code_challenge": encoded(hashlib.sha256(verifier.encode()).digest()),
    }
    say({"visit": f"{setup['authorization_endpoint']}?{urlencode(page)}"})
    came = parse_qs(urlsplit(json.loads(sys.stdin.readline())["redirected"]).query)
    code = {"code": came["code"][0], "redirect_uri": setup["redirect_uri"], "code_verifier": verifier}
    answer = ask(setup, a_try, {"grant_type": "authorization_code", **code})
    if "refresh_token" not in answer:
        return answer
    return ask(setup, a_try, {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]})


def ask(setup: dict, a_try: dict, form: dict) -> dict:
    command = ["curl", "--silent", "--show-error", "--max-time", "60", "--cacert", setup["ca"]]
    method, client_id = a_try["method"], a_try["client_id"]
    if method == "client_secret_basic":
        command += ["--user", f"{client_id}:{a_try['client_secret']}"]
    elif method == "client_secret_post":
        form = {**form, "client_id": client_id, "client_secret": a_try["client_secret"]}
    elif method in ["client_secret_jwt", "private_key_jwt"]:
        form = {**form, "client_assertion_type": JWT_BEARER, "client_assertion": assertion(setup, a_try)}
    else:
        form = {**form, "client_id": client_id}
    if "certificate" in a_try:
        command += ["--cert", a_try["certificate"], "--key", a_try["certificate_key"]]
    for name, value in form.items():
        command += ["--data-urlencode", f"{name}={value}"]
    return json.loads(subprocess.run([*command, setup["token_endpoint"]], capture_output=True, check=True).stdout)


def assertion(setup: dict, a_try: dict) -> str:
    now, algorithm = int(time.time()), a_try["algorithm"]
    header = {"alg": algorithm, "typ": "JWT"}
    claims = {
        "iss": a_try["client_id"], "sub": a_try["client_id"], "aud": setup["issuer"], "iat": now, "exp": now + 60,
        "jti": secrets.token_urlsafe(16),
    }
    signed = ".".join(encoded(json.dumps(part).encode()) for part in [header, claims])
    return f"{signed}.{encoded(signature(signed.encode(), algorithm, a_try))}"


def signature(text: bytes, algorithm: str, a_try: dict) -> bytes:
    if algorithm.startswith("Ed"):
        # It signs what is in a file.
        with tempfile.NamedTemporaryFile() as file:
            file.write(text)
            file.flush()
            return openssl(["pkeyutl", "-sign", "-rawin", "-in", file.name, "-inkey", a_try["key"]])
    command = ["dgst", f"-sha{algorithm[2:]}", "-binary"]
    if algorithm.startswith("HS"):
        key = a_try["client_secret"].encode().hex()
        return openssl([*command, "-mac", "HMAC", "-macopt", f"hexkey:{key}"], text)
    if algorithm.startswith("PS"):
        command += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    made = openssl([*command, "-sign", a_try["key"]], text)
    return fixed(made, {"ES256": 32, "ES384": 48, "ES512": 66}[algorithm]) if algorithm.startswith("ES") else made


def fixed(der: bytes, width: int) -> bytes:
    """r and s of a DER sequence of two integers, each of this width."""
    numbers = []
    rest = der[3 if der[1] & 0x80 else 2 :]
    while rest:
        length = rest[1]
        numbers.append(int.from_bytes(rest[2 : 2 + length], "big").to_bytes(width, "big"))
        rest = rest[2 + length :]
    return b"".join(numbers)


def openssl(command: list[str], text: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *command], input=text, capture_output=True, check=True).stdout


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def say(word: dict) -> None:
    print(json.dumps(word), flush=True)


main()
