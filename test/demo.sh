#!/usr/bin/env bash
# Migrates three regions in a lab of its own, the way an operator would, and shows
# how they stand afterwards. The lab goes down however this ends. Run by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

lab=bin/coder-satellite-lab
dir=.lab-demo

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# With NO_COLOR set, or where nobody looks, without the bold face.
if [ -n "${NO_COLOR:-}" ] || [ ! -t 1 ]; then say() { printf '\n%s\n' "$*"; }; fi
run() { say "\$ $*"; "$@"; }

trap '"$lab" down --dir "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Starting a primary of Coder v1 and three regions (1 minute)"
"$lab" up --dir "$dir" --regions sydney,london,ohio
# shellcheck disable=SC1091 # written by the lab
source "$dir/env"

run kubectl coder-satellite plan -f "$dir/fleet.yaml"
run kubectl coder-satellite migrate -f "$dir/fleet.yaml" --yes
run kubectl coder-satellite status -f "$dir/fleet.yaml"

say "Three regions migrated in ${SECONDS} s, the lab included."
