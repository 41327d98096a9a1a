// SPDX-License-Identifier: MIT
/**
 * Pages of the website: the Markdown files of the repository, at addresses that keep their links
 * valid. A linked file that is not a page, such as a module, gets a page with its text; a directory
 * gets a list of its files.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { cpSync } from "node:fs";
import { dirname, extname, join, posix } from "node:path";
import { ROOT } from "../programs.mjs";

/** Languages of the highlighter, by file extension. */
const LANGUAGES = {
  ".ts": "ts",
  ".mjs": "js",
  ".c": "c",
  ".go": "go",
  ".json": "json",
  ".sh": "sh",
};
/** Pictures and similar files are copied unchanged. */
const COPIED = new Set([".svg", ".png"]);

const read = (file) => readFileSync(join(ROOT, file), "utf8");
const isFolder = (file) => statSync(join(ROOT, file)).isDirectory();

/** Returns the Markdown files that are pages, relative to the repository. */
function markdownFiles() {
  const inFolder = (folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((name) => posix.join(folder, name.replaceAll("\\", "/")));
  const root = readdirSync(ROOT);
  return [...root, ...inFolder("docs"), ...inFolder("bench/results"), "bench/README.md"]
    .filter((file) => file.endsWith(".md"));
}

/** Returns the path of a file's page; the README is the home page. */
function pageOf(file) {
  if (file === "README.md") return "index.md";
  if (file.endsWith("/README.md")) return file.replace(/README\.md$/, "index.md");
  return file.endsWith(".md") ? file : `source/${file}${isFolder(file) ? "/index" : ""}.md`;
}

/** Returns the link from one page to another, in the form that VitePress resolves. */
function linkTo(from, file, anchor) {
  const path = posix.relative(posix.dirname(pageOf(from)), pageOf(file));
  return `${path.startsWith(".") ? path : `./${path}`}${anchor}`;
}

/** Returns the text of a file as Markdown with links to pages; `linked` is called with each. */
function withLinks(file, text, linked) {
  return text.replaceAll(/(!?\[[^\]]*\])\(([^)\s]+)\)/g, (whole, label, target) => {
    if (/^([a-z]+:|#)/.test(target)) return whole;
    const [path, anchor] = target.split("#");
    const to = posix.join(posix.dirname(file), path).replace(/\/$/, "");
    linked(to);
    if (COPIED.has(extname(to))) return whole;
    return `${label}(${linkTo(file, to, anchor === undefined ? "" : `#${anchor}`)})`;
  });
}

/** Returns a page with the text of a file, or the list of files of a directory. */
function sourcePage(file, linked) {
  const title = `---\neditLink: false\noutline: false\nsearch: false\n---\n\n# ${file}\n\n`;
  if (isFolder(file)) {
    const files = readdirSync(join(ROOT, file)).map((name) => `${file}/${name}`);
    const all = files.filter((name) => !isFolder(name) && extname(name) !== "");
    all.forEach(linked);
    return title +
      all.map((name) => `- [${posix.basename(name)}](${linkTo(file, name, "")})\n`).join("");
  }
  const language = LANGUAGES[extname(file)] ?? "text";
  return `${title}\`\`\`\`${language}:line-numbers\n${read(file).trimEnd()}\n\`\`\`\`\n`;
}

/** Escapes text outside code, which Vue would parse as a template. */
function escaped(text) {
  return text.replaceAll("{{", "<span v-pre>{{</span>");
}

/** Writes all pages to `folder`. Returns their number. */
export function writePages(folder) {
  const queue = markdownFiles();
  const seen = new Set(queue);
  const linked = (file) => {
    if (!seen.has(file)) queue.push(file);
    seen.add(file);
  };
  for (const file of queue) {
    if (COPIED.has(extname(file))) {
      const to = join(
        folder,
        posix.join(posix.dirname(pageOf(file)).replace(/^source\//, ""), posix.basename(file)),
      );
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(ROOT, file), to);
      continue;
    }
    const text = file.endsWith(".md")
      ? withLinks(file, read(file), linked)
      : sourcePage(file, linked);
    const path = join(folder, pageOf(file));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.endsWith(".md") ? escaped(text) : text);
  }
  return queue.length;
}
