#!/usr/bin/env bash
# Migrates regions one after the other, as described in docs/by-hand.md, and stops at the first
# failure. The time that a person would need in between is not included.
#
#   runbook.sh CHART_REPOSITORY CHART_VERSION VALUES_FILE NAME=ACCESS_URL...
#
# A region's kubeconfig context and provider have its name. CODER_URL and CODER_TOKEN are the
# primary's.
set -euo pipefail

repo=$1 version=$2 values=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

coder_api() {
  curl --fail-with-body --silent --show-error --header @<(echo "Session-Token: $CODER_TOKEN") --header 'Content-Type: application/json' "$@"
}

# await WHAT COMMAND...: tries once a second, for two minutes.
await() {
  local what=$1 looks
  shift
  for looks in {1..120}; do
    if "$@"; then return; fi
    sleep 1
  done
  echo "$region: $what: not after $looks looks" >&2
  return 1
}

serves_own_key() {
  curl --fail --silent "$access_url/api/private/satellites/key" | jq --raw-output --join-output .key > "$work/served.pem" &&
    diff --brief "$work/in-cluster.pem" "$work/served.pem" > /dev/null
}

# The workspace must have been built after $built_before.
canary_runs() {
  coder_api "$CODER_URL/api/v0/workspaces/$canary" |
    jq --exit-status --arg before "$built_before" \
      '.last_built_at != $before and (.updating | not) and .latest_stat.container_status == "ON"' > /dev/null
}

answers_through_satellite() {
  curl --fail --silent --show-error --dump-header - --output /dev/null "$access_url/api" | grep --ignore-case --quiet "^coder-version: v\?$version"
}

migrate() {
  local provider
  provider=$(coder_api "$CODER_URL/api/private/resource-pools" | jq --raw-output --arg name "$region" '.kubernetes[] | select(.name == $name) | .id')

  # Install, and wait.
  helm upgrade --install coder-satellite coder --repo "$repo" --version "$version" --kube-context "$region" \
    --namespace coder-satellite --create-namespace --values "$values" --wait \
    --set "coderd.satellite.enable=true,coderd.satellite.primaryURL=$CODER_URL,coderd.satellite.accessURL=$access_url" > /dev/null

  # Compare the keys, then register.
  kubectl --context "$region" --namespace coder-satellite get secret coder-replica-private-key --output jsonpath='{.data.privateKey}' |
    base64 --decode | openssl pkey -pubout > "$work/in-cluster.pem"
  await 'the access URL serves the key of the cluster' serves_own_key
  jq --null-input --arg name "$region" --rawfile key "$work/in-cluster.pem" '{name: $name, public_key: $key}' |
    coder_api --request POST "$CODER_URL/api/private/satellites" --data @- > /dev/null
  await 'the primary answers through the satellite' answers_through_satellite

  # Retain the legacy release.
  kubectl --context "$region" --namespace coder get secrets --selector owner=helm,name=coder-workspace-provider --output yaml > "$work/record.yaml"
  helm get manifest coder-workspace-provider --kube-context "$region" --namespace coder > "$work/legacy.yaml"
  kubectl --context "$region" --namespace coder annotate --filename "$work/legacy.yaml" --overwrite helm.sh/resource-policy=keep > /dev/null

  # Switch, and check.
  read -r canary built_before < <(coder_api "$CODER_URL/api/private/resource-pools/$provider/workspaces" |
    jq --raw-output --arg name "canary-$region" '.[] | select(.name == $name) | "\(.id) \(.last_built_at)"')
  coder_api --request PATCH "$CODER_URL/api/private/resource-pools/$provider" --data '{"enable_net_v2": true}' > /dev/null
  coder_api "$CODER_URL/api/private/resource-pools/$provider" | jq --exit-status .enable_net_v2 > /dev/null
  coder_api --request PATCH "$CODER_URL/api/v0/workspaces/$canary" --data '{}' > /dev/null
  await "workspace canary-$region runs" canary_runs
  answers_through_satellite
}

for pair in "$@"; do
  region=${pair%%=*} access_url=${pair#*=}
  migrate
  echo "$region is migrated"
done
