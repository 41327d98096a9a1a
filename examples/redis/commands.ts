// SPDX-License-Identifier: MIT
/** The commands, each as Redis documents it, as far as they are there. */
import { bytesOf, type CommandReader, frameOf, hashOf } from "./protocol.ts";
import type { Session } from "./session.ts";
import { integerOf, List, textOf, type Value } from "./store.ts";

/** A command. */
export interface Command {
  name: string;
  /** How many arguments it takes, its name included; below 0: at least so many. */
  arity: number;
  /** Whether a client that listens to channels may give it. */
  whileListening?: boolean;
  run(session: Session): void;
}

const OK = bytesOf("+OK\r\n");
const PONG = bytesOf("+PONG\r\n");
const NIL = bytesOf("$-1\r\n");
const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_A_NUMBER = "ERR value is not an integer or out of range";
const SYNTAX = "ERR syntax error";

const COMMANDS: Command[] = [
  { name: "ping", arity: -1, whileListening: true, run: ping },
  { name: "echo", arity: 2, run: ({ command, replies }) => replies.add(command.frame(1)) },
  { name: "get", arity: 2, run: get },
  { name: "set", arity: -3, run: set },
  { name: "mset", arity: -3, run: mset },
  { name: "del", arity: -2, run: del },
  { name: "exists", arity: -2, run: exists },
  { name: "incr", arity: 2, run: incr },
  { name: "expire", arity: 3, run: (session) => expire(session, 1000) },
  { name: "pexpire", arity: 3, run: (session) => expire(session, 1) },
  { name: "ttl", arity: 2, run: (session) => ttl(session, 1000) },
  { name: "pttl", arity: 2, run: (session) => ttl(session, 1) },
  { name: "lpush", arity: -3, run: lpush },
  { name: "lrange", arity: 4, run: lrange },
  { name: "publish", arity: 3, run: publish },
  { name: "subscribe", arity: -2, whileListening: true, run: subscribe },
  { name: "unsubscribe", arity: -1, whileListening: true, run: unsubscribe },
  { name: "quit", arity: -1, whileListening: true, run: quit },
  { name: "select", arity: 2, run: select },
  { name: "dbsize", arity: 1, run: ({ store, replies }) => replies.number(store.size) },
  { name: "flushall", arity: -1, run: flushall },
  { name: "command", arity: -1, run: ({ replies }) => replies.array(0) },
  { name: "config", arity: -2, run: config },
  { name: "info", arity: -1, run: info },
];

/** They are found by a number made of their letters, without a string. */
const BY_HASH = new Map(COMMANDS.map((command) => {
  const letters = bytesOf(command.name);
  return [hashOf(letters, 0, letters.length), { command, letters }];
}));

if (BY_HASH.size < COMMANDS.length) throw new Error("two commands have one number");

/** The command that was found last: clients send the same one many times. */
let last = BY_HASH.values().next().value!;

/** The command that was read, in whatever case its letters are; undefined if there is none. */
export function find(read: CommandReader): Command | undefined {
  if (read.isNamed(last.letters)) return last.command;
  const found = BY_HASH.get(read.nameHash());
  if (found === undefined || !read.isNamed(found.letters)) return undefined;
  last = found;
  return found.command;
}

function ping({ command, replies, channels }: Session): void {
  if (command.count > 2) return replies.error("ERR wrong number of arguments for 'ping' command");
  const text = command.count === 2 ? command.frame(1) : null;
  if (channels.size === 0) return replies.add(text ?? PONG);
  replies.array(2);
  replies.bulk("pong");
  replies.add(text ?? frameOf(bytesOf("")));
}

function get({ store, command, replies }: Session): void {
  const value = store.get(command.text(1));
  if (value instanceof List) replies.error(WRONG_TYPE);
  else replies.add(value ?? NIL);
}

/** SET key value [NX | XX] [EX seconds | PX milliseconds | KEEPTTL]. */
function set(session: Session): void {
  const { store, command, replies } = session;
  const key = command.text(1);
  if (command.count === 3) {
    const had = store.get(key);
    // A value as long as the one before takes its place in memory.
    if (had instanceof Uint8Array && command.copyFrame(2, had)) store.keep(key);
    else store.set(key, command.frame(2));
    return replies.add(OK);
  }
  const options = setOptions(session);
  if (typeof options === "string") return replies.error(options);
  const there = store.get(key) !== undefined;
  if (options.only !== null && there !== (options.only === "XX")) return replies.add(NIL);
  if (options.keep) store.replace(key, command.frame(2));
  else store.set(key, command.frame(2));
  if (options.ms !== null) store.setDeadline(key, Date.now() + options.ms);
  replies.add(OK);
}

interface SetOptions {
  only: "NX" | "XX" | null;
  ms: number | null;
  keep: boolean;
}

/** What stands behind the value, or the error that it is. */
function setOptions({ command }: Session): SetOptions | string {
  const options: SetOptions = { only: null, ms: null, keep: false };
  for (let i = 3; i < command.count; i++) {
    const word = command.text(i).toUpperCase();
    if ((word === "NX" || word === "XX") && options.only === null) options.only = word;
    else if (word === "KEEPTTL" && options.ms === null) options.keep = true;
    else if ((word === "EX" || word === "PX") && options.ms === null && !options.keep) {
      if (++i === command.count) return SYNTAX;
      const time = integerOf(command.text(i));
      if (time === null) return NOT_A_NUMBER;
      if (time <= 0n) return "ERR invalid expire time in 'set' command";
      options.ms = Number(time) * (word === "EX" ? 1000 : 1);
    } else return SYNTAX;
  }
  return options;
}

function mset({ store, command, replies }: Session): void {
  if (command.count % 2 === 0) {
    return replies.error("ERR wrong number of arguments for 'mset' command");
  }
  for (let i = 1; i < command.count; i += 2) store.set(command.text(i), command.frame(i + 1));
  replies.add(OK);
}

function del({ store, command, replies }: Session): void {
  replies.number(count(command, (key) => store.delete(key)));
}

function exists({ store, command, replies }: Session): void {
  replies.number(count(command, (key) => store.get(key) !== undefined));
}

/** For how many of the keys something holds. */
function count(command: CommandReader, holds: (key: string) => boolean): number {
  let found = 0;
  for (let i = 1; i < command.count; i++) if (holds(command.text(i))) found++;
  return found;
}

function incr({ store, command, replies }: Session): void {
  const key = command.text(1);
  const had = store.get(key);
  if (had instanceof List) return replies.error(WRONG_TYPE);
  const value = had === undefined ? 0n : integerOf(textOf(had));
  if (value === null) return replies.error(NOT_A_NUMBER);
  const next = value + 1n;
  if (BigInt.asIntN(64, next) !== next) {
    return replies.error("ERR increment or decrement would overflow");
  }
  store.replace(key, frameOf(bytesOf(String(next))));
  replies.number(next);
}

function expire({ store, command, replies }: Session, unit: number): void {
  const key = command.text(1);
  if (command.count > 3) return replies.error(SYNTAX);
  const time = integerOf(command.text(2));
  if (time === null) return replies.error(NOT_A_NUMBER);
  if (store.get(key) === undefined) return replies.number(0);
  if (time <= 0n) store.delete(key);
  else store.setDeadline(key, Date.now() + Number(time) * unit);
  replies.number(1);
}

function ttl({ store, command, replies }: Session, unit: number): void {
  const key = command.text(1);
  if (store.get(key) === undefined) return replies.number(-2);
  const at = store.deadline(key);
  if (at === undefined) return replies.number(-1);
  replies.number(Math.round(Math.max(0, at - Date.now()) / unit));
}

/** The list of a key, or a new one; null if it is something else. */
function listOf(value: Value | undefined): List | null {
  if (value === undefined) return new List();
  return value instanceof List ? value : null;
}

function lpush({ store, command, replies }: Session): void {
  const key = command.text(1);
  const list = listOf(store.get(key));
  if (list === null) return replies.error(WRONG_TYPE);
  for (let i = 2; i < command.count; i++) list.reversed.push(command.frame(i));
  store.replace(key, list);
  replies.number(list.reversed.length);
}

function lrange({ store, command, replies }: Session): void {
  const [first, last] = [integerOf(command.text(2)), integerOf(command.text(3))];
  if (first === null || last === null) return replies.error(NOT_A_NUMBER);
  const list = listOf(store.get(command.text(1)));
  if (list === null) return replies.error(WRONG_TYPE);
  const { reversed } = list;
  const place = (n: bigint) => Number(n) < 0 ? Number(n) + reversed.length : Number(n);
  const from = Math.max(0, place(first));
  const to = Math.min(reversed.length - 1, place(last));
  replies.array(Math.max(0, to - from + 1));
  for (let i = from; i <= to; i++) replies.add(reversed[reversed.length - 1 - i]);
}

function publish({ store, command, replies }: Session): void {
  const parts = [bytesOf("*3\r\n$7\r\nmessage\r\n"), command.frame(1), command.frame(2)];
  replies.number(store.publish(command.text(1), joined(parts)));
}

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function subscribe(session: Session): void {
  const { store, command, replies, channels } = session;
  for (let i = 1; i < command.count; i++) {
    channels.add(command.text(i));
    store.subscribe(command.text(i), session);
    replies.array(3);
    replies.bulk("subscribe");
    replies.add(command.frame(i));
    replies.number(channels.size);
  }
}

/** From the channels that are named, or from all. */
function unsubscribe(session: Session): void {
  const { store, command, replies, channels } = session;
  const named = Array.from({ length: command.count - 1 }, (_, i) => command.text(i + 1));
  const from = named.length > 0 ? named : [...channels];
  for (const channel of from.length > 0 ? from : [null]) {
    if (channel !== null && channels.delete(channel)) store.unsubscribe(channel, session);
    replies.array(3);
    replies.bulk("unsubscribe");
    if (channel === null) replies.add(NIL);
    else replies.add(frameOf(Uint8Array.from(channel, (letter) => letter.charCodeAt(0))));
    replies.number(channels.size);
  }
}

function quit(session: Session): void {
  session.replies.add(OK);
  session.quit = true;
}

function select({ command, replies }: Session): void {
  if (integerOf(command.text(1)) === null) return replies.error("ERR invalid DB index");
  if (command.text(1) !== "0") return replies.error("ERR DB index is out of range");
  replies.add(OK);
}

function flushall({ store, replies }: Session): void {
  store.clear();
  replies.add(OK);
}

/** What redis-benchmark asks for. */
const SETTINGS: Record<string, string> = { save: "", appendonly: "no" };

function config({ command, replies }: Session): void {
  const what = command.text(1).toLowerCase();
  if (what !== "get" || command.count < 3) {
    return replies.error(
      `ERR unknown subcommand or wrong number of arguments for '${command.text(1)}'`,
    );
  }
  const asked = Array.from({ length: command.count - 2 }, (_, i) => command.text(i + 2));
  const known = asked.filter((name) => Object.hasOwn(SETTINGS, name));
  replies.array(2 * known.length);
  for (const name of known) {
    replies.bulk(name);
    replies.bulk(SETTINGS[name]);
  }
}

function info({ store, replies }: Session): void {
  replies.bulk(
    `# Server\r\nredis_mode:standalone\r\n# Keyspace\r\ndb0:keys=${store.size}\r\n`,
  );
}
