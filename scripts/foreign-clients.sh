#!/bin/sh
# Foreign clients against our fakes of the platforms: what they do not accept is no faithful fake.
# Installs pinned versions into a temporary folder and leaves nothing behind.
# Usage: scripts/foreign-clients.sh [PLATFORM…]   (all by default)
set -eu
cd "$(dirname "$0")/foreign-clients"
[ $# -gt 0 ] || set -- *
for platform in "$@"; do
    [ -x "$platform/run.sh" ] || continue
    echo "== $platform"
    "$platform/run.sh"
done
