#!/usr/bin/env bash
# The curl command. README.md here says what is read and written. It keeps no session from one run to the next.
set -uo pipefail

seen=$(mktemp)
trap 'rm -f "$seen"' EXIT

attempt() {
    local url=$1 ca=$2 certificate=$3 key=$4 version=$5 header=$6 form=$7
    local one=(--silent --show-error --noproxy '*' --max-time 60 --cacert "$ca" --tls-max "$version" "--tlsv$version"
        --data "$form" --write-out '\n%{http_code} %{num_connects}\n' --verbose --stderr "$seen")
    [[ $certificate == - ]] || one+=(--cert "$certificate" --key "$key")
    [[ $header == - ]] || one+=(--header "$header")
    local answers body status connects label=first
    # Everything is said twice: --next forgets.
    if ! answers=$(curl "${one[@]}" "$url" --next "${one[@]}" "$url"); then
        printf 'failed\t%s\n' "$(grep '^curl: ' "$seen" | tr '\n\t' '  ')"
        return
    fi
    local spoken
    spoken=$(sed -n 's/.*SSL connection using TLSv\([0-9.]*\) .*/\1/p' "$seen" | head -1)
    while read -r body && read -r status connects; do
        [[ $label == first || $connects == 0 ]] || label=not-again
        printf '%s\t%s\t%s\t%s\n' "$label" "$status" "$spoken" "$body"
        label=again
    done <<<"$answers"
}

while IFS=$'\t' read -r -a fields; do
    attempt "${fields[@]}"
    echo
done
