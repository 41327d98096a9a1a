#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# semver 7.8.6 and Bun.semver of Bun 1.4.5: ranges joined by `||` are alternatives, so one more can only let more
# versions in. In semver it can take one away: if an alternative allows every version (`*`, `>=0`, `x`, an empty
# one), the others are thrown away, and with them the right to a pre-release that they named, for `*` alone allows
# no pre-release. A plugin whose peer is "^19.0.0-rc.0" so works with the release candidate, and stops working with
# it as soon as "|| *" is added to make it work with anything. Bun takes each alternative by itself. Seen:
#   ^18 || ^19.0.0-rc.0: semver true, Bun true
#   ^18 || ^19.0.0-rc.0 || *: semver false, Bun true
#   ^19.0.0-rc.0 || >=0: semver false, Bun true
#   *: semver false, Bun false
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 semver@7.8.6; npx --no-install bun --version
cat >alternatives.mjs <<'EOC'
import semver from "semver";
const version = "19.0.0-rc.1";
for (const range of ["^18 || ^19.0.0-rc.0", "^18 || ^19.0.0-rc.0 || *", "^19.0.0-rc.0 || >=0", "*"]) {
  console.log(`${range}: semver ${semver.satisfies(version, range)}, Bun ${Bun.semver.satisfies(version, range)}`);
}
EOC
npx --no-install bun alternatives.mjs | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
