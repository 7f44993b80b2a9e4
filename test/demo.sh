#!/usr/bin/env bash
# Migrates three regions with four providers in a lab of its own, as an operator would, and shows
# the result. The lab is removed however this ends. Run by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

lab=bin/coder-satellite-lab
dir=.lab-demo
bold='' plain=''
# No bold text if the output is not a terminal, or with NO_COLOR set.
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

times=()
part='' began=0

# begin NAME TEXT: ends the previous part and announces the next one.
begin() {
  finish
  part=$1 began=$SECONDS
  printf '\n%s%s%s\n' "$bold" "$2" "$plain"
}
finish() {
  if [ -n "$part" ]; then times+=("$(printf '%-15s %3d s' "$part" $((SECONDS - began)))"); fi
  part=''
}
# run NAME COMMAND...: a part with a single command, shown as an operator would type it.
run() {
  local name=$1
  shift
  begin "$name" "\$ $*"
  "$@"
}

# shellcheck disable=SC2317,SC2329 # called by the trap
down() {
  local code=$?
  trap - EXIT
  begin 'lab down' 'Taking the lab down'
  "$lab" down --dir "$dir" || code=1
  finish
  printf '\n'
  printf '  %s\n' "${times[@]}"
  if [ "$code" -eq 0 ]; then
    echo "Three regions were migrated, in $SECONDS s with the lab."
  else
    echo "The demo failed, with exit code $code." >&2
  fi
  exit "$code"
}
trap down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

begin 'lab up' 'Starting a primary of Coder v1 and three regions, one of them with two providers, on real Kubernetes API servers'
if [ -e "$dir" ]; then "$lab" down --dir "$dir"; fi # left by a demo that was killed
"$lab" up --dir "$dir" --topology shared --regions sydney,london
# shellcheck disable=SC1091 # written by the lab
source "$dir/env"

run 'plan' kubectl coder-satellite plan -f "$dir/fleet.yaml" --region sydney
run 'migrate' kubectl coder-satellite migrate -f "$dir/fleet.yaml" --yes
run 'status' kubectl coder-satellite status -f "$dir/fleet.yaml"
run 'verify' kubectl coder-satellite verify -f "$dir/fleet.yaml"
run 'migrate again' kubectl coder-satellite migrate -f "$dir/fleet.yaml" --yes
