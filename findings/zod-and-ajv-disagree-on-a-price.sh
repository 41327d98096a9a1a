#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# zod 4.6.7 and ajv 8.20.0, beside @cfworker/json-schema 4.1.6 and jsonschema 1.5.0, Node 20. A form checks a price
# with `z.number().multipleOf(0.01)`, and the service behind it has the JSON Schema that zod makes of the same object
# (fastify hands such a schema to ajv). The good guess: what passes here passes there, for it is one schema. Seen: of
# the 10,000 prices below 100, ajv refuses 1,363 that zod and the two others take, 0.07 and 19.99 among them. It
# divides and wants an integer; the others allow for the rounding of binary fractions. `multipleOfPrecision: 6` mends
# it, an option that is off and that a schema cannot ask for. `z.fromJSONSchema` of that schema takes all of them.
#   zod 0 refused
#   zod, there and back 0 refused
#   @cfworker/json-schema 0 refused
#   jsonschema 0 refused
#   ajv 1363 refused, 19.99 too
#   ajv with multipleOfPrecision 0 refused
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund zod@4.6.7 ajv@8.20.0 @cfworker/json-schema@4.1.6 jsonschema@1.5.0
cat >main.js <<'JS'
import { Validator } from "@cfworker/json-schema";
import Ajv from "ajv/dist/2020.js";
import { validate } from "jsonschema";
import { z } from "zod";
const price = z.number().multipleOf(0.01), schema = z.toJSONSchema(price);
const prices = Array.from({ length: 10_000 }, (_, cents) => cents / 100);
function show(name, accepts) {
  const refused = prices.filter((value) => !accepts(value));
  console.log(`${name} ${refused.length} refused${refused.includes(19.99) ? ", 19.99 too" : ""}`);
}
show("zod", (value) => price.safeParse(value).success);
show("zod, there and back", (value) => z.fromJSONSchema(schema).safeParse(value).success);
show("@cfworker/json-schema", (value) => new Validator(schema).validate(value).valid);
show("jsonschema", (value) => validate(value, schema).valid);
show("ajv", new Ajv().compile(schema));
show("ajv with multipleOfPrecision", new Ajv({ multipleOfPrecision: 6 }).compile(schema));
JS
node main.js | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
