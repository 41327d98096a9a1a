// SPDX-License-Identifier: MIT
// cspell:ignore bücher
/** The proxy that the environment names: the cases of Go's httpproxy, and ALL_PROXY. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { proxyFromEnvironment } from "../../mod.ts";

const PROXY = "http://127.0.0.1:3128/";

function proxyOf(url: string, env: Record<string, string>): string | null {
  return proxyFromEnvironment(url, env)?.href ?? null;
}

const chosen: [name: string, url: string, env: Record<string, string>, proxy: string | null][] = [
  ["nothing is set", "http://example.org/", {}, null],
  ["HTTP_PROXY", "http://example.org/", { HTTP_PROXY: "127.0.0.1:3128" }, PROXY],
  ["http_proxy", "http://example.org/", { http_proxy: "http://127.0.0.1:3128" }, PROXY],
  ["upper case first", "ws://example.org", { http_proxy: "http://b", HTTP_PROXY: PROXY }, PROXY],
  ["an empty one is not set", "http://example.org", { HTTP_PROXY: "", http_proxy: PROXY }, PROXY],
  ["HTTP_PROXY is not for https", "https://example.org/", { HTTP_PROXY: PROXY }, null],
  ["HTTPS_PROXY", "https://example.org/", { HTTPS_PROXY: "https://p:1" }, "https://p:1/"],
  ["HTTPS_PROXY is for wss", "wss://example.org/", { https_proxy: PROXY }, PROXY],
  ["HTTPS_PROXY is not for http", "http://example.org/", { HTTPS_PROXY: PROXY }, null],
  ["ALL_PROXY for the rest", "tcp://db:5432", { ALL_PROXY: "socks5://s:1080" }, "socks5://s:1080"],
  ["ALL_PROXY behind the other", "http://a", { ALL_PROXY: "socks5://s", HTTP_PROXY: PROXY }, PROXY],
  ["ALL_PROXY for http", "http://example.org", { all_proxy: "socks5h://s" }, "socks5h://s"],
  [
    "a CGI program may use http_proxy",
    "http://a",
    { http_proxy: PROXY, REQUEST_METHOD: "GET" },
    PROXY,
  ],
];
for (const [name, url, env, proxy] of chosen) {
  test(`the variable for a URL: ${name}`, () => assert.equal(proxyOf(url, env), proxy));
}

/** [NO_PROXY, host and port, whether the proxy is used]; mostly those of Go's tests. */
const excluded: [noProxy: string, host: string, used: boolean][] = [
  ["", "example.org", true],
  ["", "localhost", false],
  ["", "localhost:8080", false],
  ["", "LOCALHOST", false],
  ["", "127.0.0.1", false],
  ["", "127.3.2.1:80", false],
  ["", "[::1]", false],
  ["", "[::ffff:127.0.0.1]", false],
  ["", "[::2]", true],
  ["", "localhost.example", true],
  ["example.com", "example.com", false],
  ["example.com", "foo.example.com", false],
  ["example.com", "www.foo.example.com", false],
  ["example.com", "other-example.com", true],
  ["example.com", "example.com.org", true],
  [".example.com", "example.com", true],
  [".example.com", "foo.example.com", false],
  ["*.example.com", "example.com", true],
  ["*.example.com", "foo.example.com", false],
  ["EXAMPLE.com", "foo.Example.COM", false],
  ["bücher.example", "bücher.example", false],
  ["BÜCHER.example:80", "www.bücher.example", false],
  [".bücher.example", "www.bücher.example", false],
  ["*.bücher.example", "bücher.example", true],
  ["xn--bcher-kva.example", "bücher.example", false],
  ["foo, , example.com ,", "example.com", false],
  ["example.com:80", "example.com", false],
  ["example.com:80", "example.com:8080", true],
  ["example.com:8080", "foo.example.com:8080", false],
  [":80", "example.com", true],
  ["*", "example.com", false],
  ["foo,*", "[2001:db8::1]:9", false],
  ["*x", "example.com", true],
  ["192.168.1.1", "192.168.1.1", false],
  ["192.168.1.1", "192.168.1.2", true],
  ["192.168.1.1:81", "192.168.1.1", true],
  ["192.168.1.1:81", "192.168.1.1:81", false],
  ["192.168.1.0/24", "192.168.1.99:9", false],
  ["192.168.1.0/24", "192.168.2.1", true],
  ["192.168.1.0/24", "[::ffff:c0a8:0101]", false],
  ["10.0.0.0/0", "8.8.8.8", false],
  ["10.0.0.0/0", "example.com", true],
  ["fe80::/16", "[fe80::1]", false],
  ["2001:db8::1", "[2001:db8:0::1]", false],
  ["[2001:db8::1]", "[2001:db8::1]:81", true],
  ["[2001:db8::1]:82", "[2001:db8::1]:81", true],
  ["[2001:db8::1]:82", "[2001:db8::1]:82", false],
  ["192.168.1.0/33", "192.168.1.1", true],
];
test("NO_PROXY excludes what Go's httpproxy excludes", () => {
  for (const [noProxy, host, used] of excluded) {
    for (const name of ["NO_PROXY", "no_proxy"]) {
      const proxy = proxyOf(`http://${host}/`, { HTTP_PROXY: PROXY, [name]: noProxy });
      assert.equal(proxy, used ? PROXY : null, `${name}=${noProxy}, ${host}`);
    }
  }
});

test("a scheme without a default port matches an entry with a port by the URL's port", () => {
  const env = { ALL_PROXY: PROXY, NO_PROXY: "db:5432" };
  assert.equal(proxyOf("tcp://db:5432", env), null);
  assert.equal(proxyOf("tcp://db:5433", env), PROXY);
  assert.equal(proxyOf("tcp://db", env), PROXY);
});

test("an unusable proxy is refused, and its password is not shown", () => {
  const env = { HTTP_PROXY: "http://user:secret@ho st" };
  assert.throws(() => proxyOf("http://example.org", env), (error: Error) => {
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /HTTP_PROXY/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  const cgi = { HTTP_PROXY: PROXY, REQUEST_METHOD: "GET" };
  assert.throws(() => proxyOf("http://example.org", cgi), /CGI/);
  assert.equal(proxyOf("http://localhost", {}), null);
  for (const url of ["example.org:80", "", 7 as unknown as string, "file:///etc"]) {
    assert.throws(() => proxyFromEnvironment(url, {}), TypeError);
  }
});

test("the variables of the process are used", () => {
  const before = process.env.ALL_PROXY;
  process.env.ALL_PROXY = "socks5://proxy.example:1";
  try {
    assert.equal(proxyFromEnvironment("x-none://h:1")?.href, "socks5://proxy.example:1");
  } finally {
    if (before === undefined) delete process.env.ALL_PROXY;
    else process.env.ALL_PROXY = before;
  }
});
