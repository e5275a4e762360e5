#!/usr/bin/env bash
# The model crate and then the whole desk against @copilotkit/aimock, a model server of somebody else's: first
# well-behaved, then with 30 % of malformed answers and 30 % of cut links (row L3 of the bar). Needs node and npm;
# installs into a folder of its own.
#   scripts/model-aimock.sh [CALLS]      calls in the bad-weather run, default 300
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.43.0 # pinned: its answers are part of the test
calls="${1:-300}"
folder="$(mktemp -d)"
pids=()
cleanup() {
  for pid in "${pids[@]:-}"; do [ -n "$pid" ] && kill "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT

npm install --silent --no-audit --no-fund --prefix "$folder" "@copilotkit/aimock@$version"

cat > "$folder/fixtures.json" <<'JSON'
{"fixtures": [
  {"match": {"systemMessage": "You sort messages"}, "response": {"content": "{\"intent\":\"refund_request\",\"certainty\":\"sure\",\"urgency\":\"low\",\"sentiment\":\"negative\",\"language\":\"en\",\"because\":\"charged twice\"}"}},
  {"match": {"systemMessage": "You copy facts"}, "response": {"content": "{\"values\":[{\"slot\":\"report\",\"value\":\"4711\",\"quote\":\"report 4711\"}]}"}},
  {"match": {"systemMessage": "You brief a support agent"}, "response": {"content": "{\"summary\":\"The export of report 4711 fails.\",\"wants\":\"The export.\",\"tried\":null,\"open\":[]}"}},
  {"match": {"systemMessage": "draft an answer to a customer"}, "response": {"content": "{\"answerable\":true,\"reply\":\"Open the report and choose Export as CSV.\",\"citations\":[\"export-data\"]}"}},
  {"match": {"systemMessage": "You draft a reply for a support agent"}, "response": {"content": "{\"reply\":\"Please check the limit of your card.\",\"missing\":[]}"}},
  {"match": {"systemMessage": "You translate"}, "response": {"content": "{\"translation\":\"My invoice is wrong.\",\"from\":\"de\"}"}},
  {"match": {"systemMessage": "You check a draft"}, "response": {"content": "{\"problems\":[],\"verdict\":\"pass\"}"}}
]}
JSON

# The same for the shipped desk, whose intents and articles have other names.
sed -e 's/refund_request/bug_report/' "$folder/fixtures.json" > "$folder/desk.json"

# A free port each, asked of the system.
free_port() { node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
start() {
  local port="$1" fixtures="$2"; shift 2
  "$folder/node_modules/.bin/llmock" -h 127.0.0.1 -p "$port" -f "$folder/$fixtures.json" --log-level silent --journal-max 0 "$@" > "$folder/$port.log" 2>&1 &
  pids+=("$!")
  for _ in $(seq 100); do
    if node -e "require('net').connect($port,'127.0.0.1').on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))"; then return; fi
    sleep 0.1
  done
  echo "aimock does not listen; see its output:" >&2
  cat "$folder/$port.log" >&2
  exit 1
}

foul=(--chaos-malformed 0.3 --chaos-disconnect 0.3)
model_fair="$(free_port)"; start "$model_fair" fixtures
model_foul="$(free_port)"; start "$model_foul" fixtures "${foul[@]}"
AIMOCK_FAIR="http://127.0.0.1:$model_fair" AIMOCK_FOUL="http://127.0.0.1:$model_foul" AIMOCK_CALLS="$calls" \
  cargo test -p model --test it aimock -- --nocapture

desk_fair="$(free_port)"; start "$desk_fair" desk
desk_foul="$(free_port)"; start "$desk_foul" desk "${foul[@]}"
AIMOCK_FAIR="http://127.0.0.1:$desk_fair" AIMOCK_FOUL="http://127.0.0.1:$desk_foul" AIMOCK_CALLS="$calls" \
  cargo test --test it aimock -- --nocapture
