// SPDX-License-Identifier: MIT
/** The page as it is sent, and the policy that allows its own style and script and nothing else. */
import { nodeCrypto } from "../bridge/host.ts";
import { CSS, HTML, JS } from "./page_source.ts";

/** The document. It holds no data: its script asks for that, and presents the token. */
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

/** The policy, once somebody has asked for the page. */
let policy: string | null = null;

function hash(text: string): string {
  return `sha256-${nodeCrypto().createHash("sha256").update(text).digest("base64")}`;
}
