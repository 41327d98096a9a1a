// SPDX-License-Identifier: MIT
/** Configuration of the website; scripts/site.mjs copies it next to the pages. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PAGES = fileURLToPath(new URL("..", import.meta.url));

/** Returns the first heading of a page. */
function titleOf(path) {
  const text = readFileSync(join(PAGES, `${path}.md`), "utf8");
  return /^# (.*)$/m.exec(text)?.[1].replaceAll("`", "") ?? path;
}

const item = (path) => ({ text: titleOf(path), link: `/${path}` });

/** Returns the pages of a directory by name, except those of `shown`. */
function itemsOf(folder, shown = []) {
  return readdirSync(join(PAGES, folder)).filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name.slice(0, -3)}`)
    .filter((path) => !shown.includes(path)).sort().map(item);
}

const guide = (name) => `docs/guide/${name}`;
/** Guides in reading order. */
const GUIDES = [
  ...["first-server", "clients", "channels", "tls", "udp", "cores", "overload", "async"],
  ...["testing", "production", "cookbook", "how-it-works"],
].map(guide);
/** Guides for readers from other platforms. */
const FROM = ["from-go", "from-async", "from-node-net", "from-bun-listen"].map(guide);
const OVERVIEW = ["docs/overview", "docs/security"];

/** Leaves the text of a Mermaid diagram as it is, for the theme to draw. */
function drawDiagrams(md) {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, at, ...rest) => {
    const { info, content } = tokens[at];
    if (info.trim() !== "mermaid") return fence(tokens, at, ...rest);
    return `<pre class="mermaid" v-pre>${md.utils.escapeHtml(content)}</pre>\n`;
  };
}

export default {
  title: "netpoll",
  description: "Blocking-style network code for Bun and Deno",
  cleanUrls: false,
  lastUpdated: false,
  appearance: true,
  head: [["link", { rel: "icon", href: "data:," }]],
  // The API reference is generated later, by another tool.
  ignoreDeadLinks: [/^\/api\//],
  markdown: { lineNumbers: false, config: drawDiagrams },
  vite: { logLevel: "warn", build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Guide", link: `/${GUIDES[0]}` },
      { text: "How it works", link: `/${guide("how-it-works")}` },
      { text: "API", link: "/api/index.html", target: "_self" },
      { text: "Changes", link: "/CHANGELOG" },
    ],
    sidebar: [
      {
        text: "Guide",
        items: [...GUIDES.map(item), ...itemsOf("docs/guide", [...GUIDES, ...FROM])],
      },
      { text: "Coming from", items: FROM.map(item) },
      { text: "Reference", items: [...OVERVIEW.map(item), ...itemsOf("docs", OVERVIEW)] },
      {
        text: "Project",
        collapsed: true,
        items: ["CHANGELOG", "CONTRIBUTING", "DIVERGENCES", "SECURITY", "bench/index"].map(item),
      },
    ],
  },
};
