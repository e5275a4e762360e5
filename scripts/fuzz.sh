#!/usr/bin/env bash
# Fuzzes: scripts/fuzz.sh [SECONDS [TARGET…]], by default 60 s of every target of the core. Needs a nightly toolchain and cargo-fuzz
# (`cargo install cargo-fuzz`); telegram and widget_frame also FUZZ_FEATURES=edge. What is found is kept in fuzz/artifacts/ and ends the script with an error.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(loader template condition knowledge model_json hook)

corpus=fuzz/corpus
# One file of a desk a seed: its path, then its text.
seed_loader() {
  local root file
  for root in . tests/abcd; do
    while IFS= read -r file; do
      { printf '%s\n' "${file#"$root"/}"; cat "$file"; } >"$corpus/loader/$(printf '%s' "$file" | sha256sum | head -c 16)"
    done < <(find "$root/policies" "$root/knowledge" -name '*.yaml' -o -name '*.md' 2>/dev/null)
  done
}
# One line a seed: $1 the target; the lines come in.
seed_lines() {
  local line
  while IFS= read -r line; do
    printf '%s' "$line" >"$corpus/$1/$(printf '%s' "$line" | sha256sum | head -c 16)"
  done
}
for target in "${targets[@]}"; do
  mkdir -p "$corpus/$target"
  case $target in
    loader) seed_loader ;;
    template) grep -rhoE '"[^"]*\{\{.*\}\}[^"]*"' policies tests/abcd/policies | tr -d '"' | seed_lines template ;;
    condition) grep -rhoE 'when: .*' policies tests/abcd/policies --include='*.yaml' | sed -E 's/^when: "?//; s/[",}]*$//' | seed_lines condition ;;
    knowledge) cp knowledge/*.md "$corpus/knowledge/" ;;
  esac
  [ ! -d "fuzz/seeds/$target" ] || cp "fuzz/seeds/$target"/* "$corpus/$target/"
done
# The words of the policies' own language.
grep -oE '"[a-z_]{2,24}":' policies/schema.json | tr -d ':' | sort -u >fuzz/corpus/policies.dict

ulimit -s unlimited || true
for target in "${targets[@]}"; do
  dict=()
  [ "$target" = loader ] && dict=(-dict=fuzz/corpus/policies.dict)
  nice -n 19 cargo +nightly fuzz run --sanitizer none ${FUZZ_FEATURES:+--features "$FUZZ_FEATURES"} "$target" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=20000 -print_final_stats=1 "${dict[@]}"
done
