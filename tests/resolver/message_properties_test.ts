// SPDX-License-Identifier: MIT
/** Messages in their wire format: compared with dns-packet, and broken in every way. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import packet, { type Answer } from "dns-packet";
import {
  FormatError,
  matchResponse,
  type Query,
  readName,
  readResponse,
  TYPE,
  writeQuery,
} from "../../src/resolver/message.ts";
import { followChain } from "../../src/resolver/chain.ts";
import * as records from "../../src/resolver/records.ts";
import { bytes, property } from "../support/property.ts";
import { encode } from "../support/dns_server.ts";

/** Bytes of a message's header. */
const HEADER = 12;
const PLAIN = { edns: false, trustAD: false };

/** Names of up to four labels, in ASCII. */
const label = fc.stringMatching(/^[A-Za-z0-9_]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?$/);
const names = fc.array(label, { minLength: 1, maxLength: 4 }).map((all) => all.join("."));

property(
  "an encoded query is decoded by another implementation",
  [names, fc.boolean(), fc.boolean()],
  (name, edns, trustAD) => {
    const query = writeQuery(`${name}.`, TYPE.AAAA, { edns, trustAD });
    const decoded = packet.decode(Buffer.from(query.bytes));
    assert.equal(decoded.id, query.id);
    assert.equal(decoded.flag_rd, true);
    assert.equal(decoded.flag_ad, trustAD);
    assert.equal(decoded.questions!.length, 1);
    assert.equal(decoded.questions![0].name.toLowerCase(), name.toLowerCase());
    assert.equal(decoded.questions![0].type, "AAAA");
    assert.equal(decoded.additionals!.length, edns ? 1 : 0);
  },
);

test("query ids and the case of letters are random", () => {
  const all = Array.from({ length: 100 }, () => writeQuery("example.test.", TYPE.A, PLAIN));
  assert.ok(new Set(all.map(({ id }) => id)).size > 90);
  const texts = all.map((each) => readName(each.bytes, HEADER, each.bytes.length).name);
  assert.ok(new Set(texts).size > 80);
  assert.ok(texts.every((each) => each.toLowerCase() === "example.test."));
  assert.equal(readName(writeQuery(".", TYPE.NS, PLAIN).bytes, HEADER, 100).name, ".");
});

/** Records of all types, for owners that may share the ends of their names. */
const answers = fc.array(
  fc.record({
    owner: names,
    target: names,
    ttl: fc.nat(86400),
    kind: fc.nat(6),
    n: fc.nat(0xffff),
  }),
  { maxLength: 12 },
);

function toAnswer(
  { owner, target, ttl, kind, n }: {
    owner: string;
    target: string;
    ttl: number;
    kind: number;
    n: number;
  },
): Answer {
  const data: readonly (readonly [string, unknown])[] = [
    ["A", `192.0.2.${n % 256}`],
    ["AAAA", `2001:db8::${(n + 1).toString(16)}`],
    ["CNAME", target],
    ["MX", { preference: n, exchange: target }],
    ["SRV", { priority: n, weight: 1, port: 2, target }],
    ["TXT", [target, owner]],
    ["CAA", { flags: 0, tag: "issue", value: target }],
  ];
  const [type, value] = data[kind];
  return { type, name: owner, ttl, data: value } as Answer;
}

/** The data of a record, as text that both decoders have. */
function shown(
  record: records.SRV | records.MX | string | Uint8Array[] | Uint8Array | records.CAA,
) {
  return JSON.stringify(record);
}

const READERS: Readonly<Record<number, (record: Parameters<typeof records.readMX>[0]) => unknown>> =
  {
    [TYPE.A]: records.readAddress,
    [TYPE.AAAA]: records.readAddress,
    [TYPE.CNAME]: records.readTarget,
    [TYPE.MX]: records.readMX,
    [TYPE.SRV]: records.readSRV,
    [TYPE.TXT]: records.readStrings,
    [TYPE.CAA]: records.readCAA,
    [TYPE.SOA]: records.negativeTTL,
    [TYPE.HTTPS]: records.readServiceBinding,
    [TYPE.SVCB]: records.readServiceBinding,
  };

property(
  "a response encoded by another implementation is decoded",
  [names, answers],
  (name, given) => {
    const query = writeQuery(`${name}.`, TYPE.A, PLAIN);
    const message = responseTo(query, given.map(toAnswer));
    assert.equal(matchResponse(message, query), "answer");
    const { answers: read } = readResponse(message, query);
    assert.equal(read.length, given.length);
    for (const [i, record] of read.entries()) {
      const { owner, target, ttl, kind, n } = given[i];
      assert.equal(record.name, `${owner}.`);
      assert.equal(record.ttl, ttl);
      const value = READERS[record.type](record);
      const expected: unknown = [
        Uint8Array.of(192, 0, 2, n % 256),
        undefined,
        `${target}.`,
        { host: `${target}.`, pref: n },
        { target: `${target}.`, port: 2, priority: n, weight: 1 },
        [Uint8Array.from(Buffer.from(target)), Uint8Array.from(Buffer.from(owner))],
        { critical: false, tag: "issue", value: target },
      ][kind];
      if (kind !== 1) assert.equal(shown(value as string), shown(expected as string));
      else assert.equal((value as Uint8Array).length, 16);
    }
  },
);

/** A response with the question of `query`, bit by bit. */
function responseTo(query: Query, all: readonly Answer[]): Uint8Array {
  const { questions } = packet.decode(Buffer.from(query.bytes));
  return encode(query.id, questions![0], { answers: all });
}

/** A response with something of everything. */
function rich(query: Query): Uint8Array {
  const { questions } = packet.decode(Buffer.from(query.bytes));
  const all = Array.from(
    { length: 7 },
    (_, kind) => toAnswer({ owner: "example.test", target: "a.test", ttl: 1, kind, n: 7 }),
  );
  const soa: Answer = {
    type: "SOA",
    name: "test",
    ttl: 9,
    data: {
      mname: "a.test",
      rname: "b.test",
      serial: 1,
      refresh: 1,
      retry: 1,
      expire: 1,
      minimum: 5,
    },
  };
  return encode(query.id, questions![0], { answers: all, authorities: [soa] });
}

/** Reads all that there is to read; malformed messages must throw this error and no other. */
function readAll(message: Uint8Array, query: Query): void {
  try {
    const response = readResponse(message, query);
    for (const record of [...response.answers, ...response.authorities]) {
      READERS[record.type]?.(record);
    }
    followChain(response, "example.test.", TYPE.A);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
}

test("a response truncated anywhere is refused", () => {
  const query = writeQuery("example.test.", TYPE.A, PLAIN);
  const message = rich(query);
  for (let length = 0; length < message.length; length++) {
    const cut = message.slice(0, length);
    if (matchResponse(cut, query) !== "answer") {
      assert.ok(length < query.questionEnd);
      continue;
    }
    assert.throws(() => readResponse(cut, query), FormatError, `${length} bytes`);
  }
  readResponse(message, query);
});

property(
  "a response with changed bytes is parsed or refused, and never hangs",
  [fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 })],
  (changes) => {
    const query = writeQuery("example.test.", TYPE.A, PLAIN);
    const message = rich(query);
    for (const [at, value] of changes) {
      const i = query.questionEnd + at % (message.length - query.questionEnd);
      message[i] = value;
    }
    readAll(message, query);
  },
);

property("random bytes are parsed or refused", [bytes(600)], (noise) => {
  const query = writeQuery("example.test.", TYPE.A, PLAIN);
  const message = new Uint8Array(query.questionEnd + noise.length);
  message.set(query.bytes.subarray(0, query.questionEnd));
  message.set(noise, query.questionEnd);
  message[2] |= 0x80;
  for (let i = 6; i < 12 && i - 6 < noise.length; i++) {
    message[i] = noise[i - 6] & (i % 2 === 0 ? 0 : 0xff);
  }
  readAll(message, query);
});

test("a name compressed against the question keeps the question's case", () => {
  for (const name of ["example.test.", "Example.TEST."]) {
    const query = writeQuery(name, TYPE.CNAME, PLAIN);
    const message = Uint8Array.of(
      ...responseTo(query, []),
      ...[0xc0, HEADER, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, 0x62, 0xc0, HEADER],
    );
    message[7] = 1;
    assert.equal(matchResponse(message, query), "answer");
    const [record] = readResponse(message, query).answers;
    assert.equal(record.name, name);
    assert.equal(records.readTarget(record), `b.${name}`);
  }
});

test("a compression pointer leads backwards, or the name is refused", () => {
  const at = (...tail: number[]) =>
    Uint8Array.of(...new Array(HEADER).fill(0), 1, 0x61, 0, ...tail);
  assert.deepEqual(readName(at(0xc0, 12), 15, 17), { name: "a.", next: 17 });
  assert.deepEqual(readName(at(1, 0x62, 0xc0, 12), 15, 19), { name: "b.a.", next: 19 });
  for (
    const tail of [[0xc0, 15], [0xc0, 17], [0xc0, 3], [0xc0], [0x80, 1], [0x40], [0xff, 0xff], [
      5,
      1,
    ]]
  ) {
    assert.throws(() => readName(at(...tail), 15, 15 + tail.length), FormatError, `${tail}`);
  }
  // Each pointer leads further back, and each name is a little longer, until it is too long.
  const chain = new Array(HEADER).fill(0);
  chain.push(0);
  for (let i = 0, last = HEADER; i < 100; i++) {
    const here = chain.length;
    chain.push(3, 0x61, 0x61, 0x61, 0xc0 | last >> 8, last & 0xff);
    last = here;
  }
  const all = Uint8Array.from(chain);
  assert.equal(readName(all, HEADER + 1 + 6 * 62, all.length).name.length, 63 * 4);
  assert.throws(() => readName(all, HEADER + 1 + 6 * 64, all.length), /name too long/);
});

test("bytes that would change the name are escaped", () => {
  const wire = (...label: number[]) => Uint8Array.of(label.length, ...label, 0);
  assert.equal(readName(wire(0x61, 0x2e, 0x62), 0, 5).name, "a\\.b.");
  assert.equal(readName(wire(0x5c, 0, 0xff, 0x20), 0, 6).name, "\\\\\\000\\255\\032.");
});

test("a response must match the id, the question and the case of its query", () => {
  const query = writeQuery("example.test.", TYPE.A, PLAIN);
  const good = responseTo(query, []);
  const changed = (at: number, xor: number) => {
    const copy = good.slice();
    copy[at] ^= xor;
    return copy;
  };
  assert.equal(matchResponse(good, query), "answer");
  assert.equal(matchResponse(changed(0, 1), query), "other");
  assert.equal(matchResponse(changed(2, 0x80), query), "other");
  assert.equal(matchResponse(changed(2, 0x08), query), "other");
  assert.equal(matchResponse(changed(5, 2), query), "other");
  assert.equal(matchResponse(changed(HEADER + 1, 0x20), query), "other case");
  assert.equal(matchResponse(changed(HEADER + 1, 0x01), query), "other");
  assert.equal(matchResponse(changed(query.questionEnd - 3, 0x20), query), "other");
  assert.equal(matchResponse(changed(query.questionEnd - 1, 0x02), query), "other");
  assert.equal(matchResponse(good.subarray(0, 20), query), "other");
  assert.equal(matchResponse(new Uint8Array(3), query), "other");
});
