#!/bin/sh
# Prints the two form fields of private_key_jwt and client_secret_jwt (RFC 7523 section 2.2) for a demo client, freshly signed with the
# openssl command line tool:
#
#   curl -d grant_type=client_credentials -d "$(countersign-demo/assert demo-es256)" http://127.0.0.1:8080/token
#
# usage: assert CLIENT [AUDIENCE]
# The audience is the issuer of the server that was started last in this folder's parent, unless one is given.
set -eu
umask 077

folder=$(cd "$(dirname "$0")" && pwd)
client=${1:?usage: assert CLIENT [AUDIENCE]}
audience=${2:-$(cat "$folder/issuer")}
key=$folder/$client.pem
secret=$folder/$client.secret
case $client in
  # The halves of a TLS certificate sign no assertion.
  *-cert | *-key) key= ;;
esac
if [ ! -f "$key" ] && [ ! -f "$secret" ]; then
  echo "assert: $client has no key here; those that have one:" >&2
  (cd "$folder" && for file in demo-*.pem demo-*.secret; do
    case $file in *-cert.pem | *-key.pem) ;; *) echo "  ${file%.*}" ;; esac
  done) >&2
  exit 1
fi

case $client in
  *-ed25519) algorithm=Ed25519 ;;
  *-eddsa) algorithm=EdDSA ;;
  *) algorithm=$(printf %s "${client##*-}" | tr '[:lower:]' '[:upper:]') ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

base64url() {
  openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# ECDSA: openssl writes a DER sequence of two integers, JWS wants both with a fixed number of octets, one after
# the other (RFC 7518 section 3.4).
fixed_width() {
  openssl asn1parse -inform DER | sed -n 's/.*INTEGER *:\(.*\)/\1/p' | while read -r integer; do
    while [ ${#integer} -lt $(($1 * 2)) ]; do integer=0$integer; done
    printf %s "$integer"
  done | sed 's/../0x& /g' | xargs printf '\\%03o' >"$work/octal"
  printf "$(cat "$work/octal")"
}

now=$(date +%s)
header=$(printf '{"alg":"%s","kid":"%s"}' "$algorithm" "$client" | base64url)
claims=$(printf '{"iss":"%s","sub":"%s","aud":"%s","jti":"%s","iat":%d,"exp":%d}' \
  "$client" "$client" "$audience" "$(openssl rand -hex 16)" "$now" "$((now + 60))" | base64url)
printf %s "$header.$claims" >"$work/input"

bits=${algorithm#??}
case $algorithm in
  HS*) openssl dgst "-sha$bits" -mac HMAC -macopt "key:$(cat "$secret")" -binary "$work/input" >"$work/signature" ;;
  RS*) openssl dgst "-sha$bits" -sign "$key" "$work/input" >"$work/signature" ;;
  PS*)
    openssl dgst "-sha$bits" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
      -sign "$key" "$work/input" >"$work/signature"
    ;;
  ES*)
    octets=$((bits / 8))
    [ "$bits" = 512 ] && octets=66
    openssl dgst "-sha$bits" -sign "$key" "$work/input" | fixed_width "$octets" >"$work/signature"
    ;;
  Ed*) openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/input" -out "$work/signature" ;;
esac

printf 'client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-type%%3Ajwt-bearer&client_assertion=%s.%s' \
  "$(cat "$work/input")" "$(base64url <"$work/signature")"
