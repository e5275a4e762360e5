#!/usr/bin/env bash
# Runs a command beside a desk of its own: a fresh database, two agents, the shipped policies.
#   scripts/with-desk.sh COMMAND…             MODEL=fake scripts/with-desk.sh COMMAND… gives it a fake language model
#   FRONT=1 scripts/with-desk.sh COMMAND…     shows web/dist as it is now over a desk that was built earlier
#   DESK=shop scripts/with-desk.sh COMMAND… gives it a shop, which is its ticket system, too (tests/browser/desk)
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${SERVER_BIN:-./target/debug/deskhand}
[ -x "$bin" ] || cargo build --locked --quiet
if ! command -v chromium >/dev/null; then
  if [ "${CI:-}" = true ]; then echo "chromium is missing" >&2; exit 1; fi
  echo "SKIPPED: the browser tests need chromium (Debian: apt-get install chromium)"; exit 0
fi
data=$(mktemp -d)
free() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
port=$(free)
export DESKHAND_HTTP__ADDR=127.0.0.1:$port DESKHAND_DATA_DIR=$data DESKHAND_LOG__FILTER=warn
# One machine plays many customers.
export DESKHAND_LIMITS__SESSIONS_PER_MINUTE=600 DESKHAND_LIMITS__SIGN_INS_PER_MINUTE=600
export DESKHAND_WIDGET__IDENTITY_SECRET=the-shops-own-secret-of-32-letters
export DESKHAND_URL=http://127.0.0.1:$port
export DESKHAND_AGENT_EMAIL=ben@example.com DESKHAND_AGENT_PASSWORD=correct-horse-battery
export DESKHAND_AGENT2_EMAIL=mia@example.com DESKHAND_AGENT2_PASSWORD=correct-horse-battery
printf '%s\n' "$DESKHAND_AGENT_PASSWORD" | "$bin" user add --email "$DESKHAND_AGENT_EMAIL" --name Ben --role admin --password-stdin
analyst=ana@example.com
printf '%s\n' "$DESKHAND_AGENT_PASSWORD" | "$bin" user add --email "$analyst" --name Ana --role analyst --password-stdin
printf '%s\n' "$DESKHAND_AGENT2_PASSWORD" | "$bin" user add --email "$DESKHAND_AGENT2_EMAIL" --name Mia --role agent --password-stdin
trap 'kill ${server:-} ${model:-} ${shop:-} ${front:-} 2>/dev/null || true; wait ${server:-} ${model:-} ${shop:-} ${front:-} 2>/dev/null || true; rm -rf "$data"' EXIT
if [ "${MODEL:-}" = fake ]; then
  [ -x ./target/debug/fake-model ] && [ -n "${FRONT:-}" ] || cargo build --locked --quiet -p fakes --bin fake-model
  fake=127.0.0.1:$(free)
  # Slow enough to be seen writing.
  ./target/debug/fake-model --listen "$fake" --pace 120 > "$data/model.log" 2>&1 &
  model=$!
  export DESKHAND_LLM__BASE_URL=http://$fake/v1 DESKHAND_LLM__API_KEY=sk-fake DESKHAND_LLM__MODEL=fake
fi
if [ -n "${FRONT:-}" ]; then
  behind=$DESKHAND_URL
  shown=$(free)
  export DESKHAND_URL=http://127.0.0.1:$shown DESKHAND_HTTP__PUBLIC_URL=http://127.0.0.1:$shown
  DESK=$behind PORT=$shown node web/dev/front.mjs > "$data/front.log" 2>&1 &
  front=$!
fi
if [ "${DESK:-}" = shop ]; then
  at=$(free)
  PORT=$at node tests/browser/support/shop.mjs > "$data/shop.log" 2>&1 &
  shop=$!
  mkdir "$data/desk"
  cp -r policies prompts knowledge "$data/desk/"
  cp -r tests/browser/desk/policies "$data/desk/"
  sed -i "s|SHOP/|http://127.0.0.1:$at/|" "$data"/desk/policies/actions/shop.*.yaml
  export DESKHAND_CONTENT_DIR=$data/desk DESKHAND_ACTIONS__ALLOW='["127.0.0.1"]'
  export DESKHAND_TICKETS__SYSTEM=generic DESKHAND_TICKETS__BASE_URL=http://127.0.0.1:$at DESKHAND_TICKETS__TOKEN=shop-token
  export DESKHAND_TICKETS__GENERIC=$PWD/docs/generic-tickets.yaml
  export DESKHAND_HOOKS__SECRETS__BILLING=whsec_$(printf 'a-long-word-for-tests-alone-0001' | base64)
fi
"$bin" serve --demo > "$data/out.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  node -e "fetch('$DESKHAND_URL/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))" && grep -q 'link=' "$data/out.log" && ready=1 && break
  kill -0 $server 2>/dev/null || break
  sleep 0.1
done
[ "${ready:-}" = 1 ] || { echo "the desk did not start:" >&2; cat "$data/out.log" >&2; exit 1; }
# For the tests alone: the program itself would take them for settings.
DESKHAND_LINK=$(grep -o 'link=[0-9a-f]*' "$data/out.log" | cut -d= -f2) \
  DESKHAND_IDENTITY_SECRET=$DESKHAND_WIDGET__IDENTITY_SECRET DESKHAND_FAKE_MODEL=${fake:+http://$fake} \
  ANALYST=$analyst SHOP=${at:+http://127.0.0.1:$at} HOOK_SECRET=${DESKHAND_HOOKS__SECRETS__BILLING:-} "$@"
