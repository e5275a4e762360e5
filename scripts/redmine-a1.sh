#!/usr/bin/env bash
# A1 against a real Redmine: 500 tickets through a link that is cut after 20 % of the acceptances, the opening process
# killed with kill -9 ten times. Exactly 500 tickets must be there, each key once.
#
#   sudo apt-get install redmine redmine-sqlite puma      (Debian 12: Redmine 5.0)
#   sudo -E scripts/redmine-a1.sh [COUNT] [SHARE] [KILLS] [field|marker|desk]
#
# With `desk` the tickets are opened by the whole desk, its real binary (tests/it/outbound/once.rs; always 10 kills).
#
# Uses Debian's default instance: its project `desk` is deleted and made anew. Needs root, to become www-data.
set -euo pipefail
cd "$(dirname "$0")/.."
count="${1:-500}" share="${2:-0.2}" kills="${3:-10}" how="${4:-field}"
redmine_port="${REDMINE_PORT:-3911}" proxy_port="${PROXY_PORT:-3912}"
target="${CARGO_TARGET_DIR:-target}"
if [ ! -d /usr/share/redmine ]; then
  echo "Redmine is not here: apt-get install redmine redmine-sqlite puma" >&2
  exit 1
fi
if [ "$how" = desk ]; then
  cargo build --quiet --locked --workspace --example fault_proxy
  cargo test --quiet --locked --workspace --test it --no-run
else
  cargo build --quiet --locked -p connectors --examples
fi
work="$(mktemp -d)"
chmod 755 "$work"
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

as_redmine() {
  (cd /usr/share/redmine && su www-data -s /bin/bash -c \
    "HOME=/tmp X_DEBIAN_SITEID=default RAILS_ENV=production RAILS_LOG_TO_STDOUT= $1")
}

cat >"$work/setup.rb" <<'RUBY'
Setting.rest_api_enabled = '1'
Redmine::DefaultData::Loader.load('en') if Redmine::DefaultData::Loader.no_data?
field = IssueCustomField.find_or_initialize_by(name: 'Deskhand key')
field.update!(field_format: 'string', is_filter: true, is_for_all: true, max_length: 100, trackers: Tracker.all)
old = Project.find_by(identifier: 'desk')
old&.destroy
project = Project.create!(name: 'Desk', identifier: 'desk', trackers: Tracker.all, enabled_module_names: ['issue_tracking'])
puts "API #{User.find_by(login: 'admin').api_key} #{field.id} #{Redmine::VERSION}"
RUBY
cat >"$work/count.rb" <<'RUBY'
issues = Issue.joins(:project).where(projects: {identifier: 'desk'})
puts "COUNT #{issues.count} #{issues.distinct.count(:subject)}"
RUBY

echo "== Preparing Redmine"
read -r _ key field version < <(as_redmine "bundle exec rails runner $work/setup.rb" 2>/dev/null | grep '^API ')
(cd /usr/share/redmine && exec setpriv --reuid=www-data --regid=www-data --clear-groups \
  env HOME=/tmp X_DEBIAN_SITEID=default RAILS_ENV=production \
  puma -e production -t 4:4 -b "tcp://127.0.0.1:$redmine_port" config.ru) \
  >"$work/puma.log" 2>&1 &
pids+=($!)
until curl -fs -o /dev/null "http://127.0.0.1:$redmine_port/issues.json?limit=1" -H "X-Redmine-API-Key: $key"; do
  sleep 1
  kill -0 "${pids[0]}" 2>/dev/null || { tail -20 "$work/puma.log" >&2; exit 1; }
done
"$target/debug/examples/fault_proxy" "127.0.0.1:$proxy_port" "127.0.0.1:$redmine_port" "$share" >"$work/cuts" &
pids+=($!)

if [ "$how" = desk ]; then
  echo "== The desk opens $count tickets in Redmine $version"
  A1_TICKETS="$count" A1_REDMINE="http://127.0.0.1:$redmine_port" A1_REDMINE_PROXY="http://127.0.0.1:$proxy_port" \
    A1_REDMINE_FIELD="$field" REDMINE_KEY="$key" \
    cargo test --quiet --locked --workspace --test it outbound::once::each_ticket_is_opened_once_in_a_real_redmine -- --nocapture
  echo "links cut after acceptance: $(wc -l <"$work/cuts")"
  exit 0
fi

echo "== Opening $count tickets in Redmine $version, the key in the $how"
[ "$how" = marker ] && field=0
began=$SECONDS done_kills=0
export REDMINE_KEY="$key"
touch "$work/journal"
while true; do
  "$target/debug/examples/redmine_a1" "http://127.0.0.1:$proxy_port" "$work/journal" "$count" "$field" >"$work/out" 2>"$work/err" &
  worker=$!
  if [ "$done_kills" -lt "$kills" ]; then
    # At any moment, but spread over the work: after each share of it is done.
    goal=$((count * (done_kills + 1) / (kills + 1)))
    until [ "$(grep -c '^done' "$work/journal" 2>/dev/null || true)" -ge "$goal" ] || ! kill -0 "$worker" 2>/dev/null; do sleep 0.05; done
    if kill -9 "$worker" 2>/dev/null; then done_kills=$((done_kills + 1)); fi
    wait "$worker" 2>/dev/null || true
    if ! grep -q 'all are done' "$work/out"; then continue; fi
  fi
  wait "$worker" 2>/dev/null || { echo "the opener failed:"; cat "$work/err"; exit 1; } >&2
  break
done
sleep 0.5
read -r _ there distinct < <(as_redmine "bundle exec rails runner $work/count.rb" 2>/dev/null | grep '^COUNT ')
echo "wanted $count, there $there, distinct $distinct; links cut after acceptance: $(wc -l <"$work/cuts"); kill -9: $done_kills; tries: $(grep -c '^try' "$work/journal"); seconds: $((SECONDS - began))"
[ "$there" = "$count" ] && [ "$distinct" = "$count" ] && [ "$done_kills" = "$kills" ]
