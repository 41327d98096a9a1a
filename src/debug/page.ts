// SPDX-License-Identifier: MIT
/** The page as sent, and a Content-Security-Policy that allows only its own style and script. */
import { nodeCrypto } from "../bridge/host.ts";
import { CSS, HTML, JS } from "./page_source.ts";

/** The document. It contains no data: its script requests that with the token. */
export const PAGE: string = HTML
  .replace(/\s*\/\* page\.css \*\/\s*/, () => CSS)
  .replace(/\s*\/\* page\.js \*\/\s*/, () => JS);

/** Content-Security-Policy of {@linkcode PAGE}. */
export function pagePolicy(): string {
  return policy ??= [
    "default-src 'none'",
    `script-src '${hash(JS)}'`,
    `style-src '${hash(CSS)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** The policy, computed at first use. */
let policy: string | null = null;

function hash(text: string): string {
  return `sha256-${nodeCrypto().createHash("sha256").update(text).digest("base64")}`;
}
