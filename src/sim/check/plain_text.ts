// SPDX-License-Identifier: MIT
/**
 * Values as text, the same on every runtime: equal text for equal plain data. Keys of objects and
 * elements of sets are sorted, so their order does not matter.
 */

/** Levels of nesting that a text shows; a cycle ends there too. */
const MOST_LEVELS = 16;

/**
 * Returns `value` as text. Objects of classes appear as the class's name and their enumerable
 * fields; private fields do not.
 */
export function plainText(value: unknown, level = 0): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (level === MOST_LEVELS) return "...";
  const inner = (item: unknown) => plainText(item, level + 1);
  if (Array.isArray(value)) return `[${value.map(inner).join(", ")}]`;
  if (value instanceof Uint8Array) return `bytes ${hexOf(value)}`;
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${inner(key)} => ${inner(item)}`).sort();
    return `Map {${entries.join(", ")}}`;
  }
  if (value instanceof Set) return `Set {${[...value].map(inner).sort().join(", ")}}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return `Date ${value.getTime()}`;
  const fields = Object.keys(value).sort()
    .map((key) => `${key}: ${inner((value as Record<string, unknown>)[key])}`);
  return `${classOf(value)}{${fields.join(", ")}}`;
}

/** Returns `value` as text of at most `most` characters. */
export function shortText(value: unknown, most = 80): string {
  const text = plainText(value);
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}

function classOf(value: object): string {
  const { constructor } = value;
  return typeof constructor !== "function" || constructor === Object ? "" : `${constructor.name} `;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
