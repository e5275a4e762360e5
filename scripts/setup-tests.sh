#!/usr/bin/env bash
# What the tests need beside Rust and Node: a Postgres server and Chromium, from Debian. Where they cannot be installed,
# CI fails; elsewhere the tests that need them say that they are skipped.
set -euo pipefail
wanted=()
have_postgres() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
have_postgres || wanted+=(postgresql)
command -v chromium >/dev/null || wanted+=(chromium)
if [ ${#wanted[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "== Installing ${wanted[*]}."
    export DEBIAN_FRONTEND=noninteractive
    # The server is only borrowed: the tests start their own, so none may come up by itself.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
  elif [ "${CI:-}" = true ]; then
    echo "missing: ${wanted[*]}, and they cannot be installed here" >&2
    exit 1
  else
    echo "Not installed: ${wanted[*]}. The tests that need them are skipped; on Debian: apt-get install ${wanted[*]}" >&2
  fi
fi
# The schema that requests to Linear are held to; of that crate only its text is used.
scripts/linear-schema.sh
