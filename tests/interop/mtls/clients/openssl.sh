#!/usr/bin/env bash
# openssl s_client, with requests written by hand. README.md here says what is read and written.
set -uo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

attempt() {
    local url=$1 ca=$2 certificate=$3 key=$4 version=$5 header=$6 form=$7
    local rest=${url#https://}
    local authority=${rest%%/*} path=/${rest#*/}
    local options=(-connect "$authority" -CAfile "$ca" -verify_return_error "-tls${version/./_}" -ign_eof)
    if [[ $certificate != - ]]; then
        # It wants those of the chain in a file of their own.
        sed '1,/-----END/d' "$certificate" >"$scratch/chain"
        options+=(-cert "$certificate" -key "$key")
        [[ ! -s $scratch/chain ]] || options+=(-cert_chain "$scratch/chain")
    fi
    local line="Host: $authority"
    [[ $header == - ]] || line+=$'\r\n'$header
    # Both at once: what the server does not answer on this connection, it does not answer.
    { request keep-alive; request close; } >"$scratch/two"
    request close >"$scratch/one"
    speak two -sess_out "$scratch/session" || return
    answers first again
    speak one -sess_in "$scratch/session" || return
    if grep -q '^Reused, TLS' "$scratch/said"; then answers resumed; else answers not-resumed; fi
}

# request CONNECTION: writes one, with what attempt was told.
request() {
    printf 'POST %s HTTP/1.1\r\n%s\r\nConnection: %s\r\n' "$path" "$line" "$1"
    printf 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s' "${#form}" "$form"
}

# speak FILE OPTION…: sends the file and listens until the server closes.
speak() {
    timeout 60 openssl s_client "${options[@]}" "${@:2}" <"$scratch/$1" >"$scratch/said" 2>"$scratch/complaint" &&
        return
    printf 'failed\t%s\n' "$(tail -n 3 "$scratch/complaint" | tr '\n\t' '  ')"
    return 1
}

# answers LABEL…: those that s_client wrote among words of its own, a label for each.
answers() {
    local spoken statuses bodies i
    spoken=$(sed -n 's/^\(New\|Reused\), TLSv\([0-9.]*\), .*/\2/p' "$scratch/said" | head -1)
    # No line ends where a body does.
    mapfile -t statuses < <(grep --only-matching 'HTTP/1\.1 [0-9]*' "$scratch/said" | cut -d ' ' -f 2)
    # The dump of a session ticket beside them can hold any three characters, so a member's name is looked for too.
    mapfile -t bodies < <(grep --only-matching '{"[a-z_]*":[^}]*}' "$scratch/said")
    for ((i = 1; i <= $#; i++)); do
        printf '%s\t%s\t%s\t%s\n' "${!i}" "${statuses[i - 1]-}" "$spoken" "${bodies[i - 1]-}"
    done
}

while IFS=$'\t' read -r -a fields; do
    attempt "${fields[@]}"
    echo
done
