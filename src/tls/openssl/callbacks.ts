// SPDX-License-Identifier: MIT
/**
 * The four functions that OpenSSL can only be told of as C functions: the server's choice of a
 * protocol (ALPN), a client certificate that is let through unverified, the log of keys, the
 * stapled OCSP response. No function of OpenSSL's own fits any of them, so their bodies are
 * JavaScript.
 *
 * That is sound here: OpenSSL calls them only within `SSL_do_handshake`, which this thread calls,
 * and each is made once per thread, at the first need, and stays: no SSL_CTX can outlive it. Which
 * handshake is under way is kept in `current`, since C hands over nothing but addresses. A Deno
 * whose `--allow-ffi` names files permits no callbacks: there they throw PlatformError.
 */
import type {
  Callback,
  CallbackBody,
  CFunction,
  Pointer,
} from "../../../platforms/contract/ffi.ts";
import { platform } from "../../../platforms/platform.ts";
import type { OpenSSL } from "./library.ts";
import { textAt } from "./memory.ts";
import {
  OPENSSL_NPN_NEGOTIATED,
  SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP,
  SSL_TLSEXT_ERR_ALERT_FATAL,
  SSL_TLSEXT_ERR_NOACK,
  SSL_TLSEXT_ERR_OK,
} from "./numbers.ts";

/** What the callbacks need of the handshake that is under way. */
export interface HandshakeHooks {
  /** The server's protocols as ALPN has them on the wire, the one liked best first. */
  readonly protocols: Uint8Array<ArrayBuffer> | null;
  /** The server's OCSP response. */
  readonly ocspResponse: Uint8Array<ArrayBuffer> | null;
  /** Receives the lines of the key log. */
  readonly keyLog: ((line: string) => void) | null;
}

const NONE: HandshakeHooks = { protocols: null, ocspResponse: null, keyLog: null };

let current = NONE;
/** What a callback's JavaScript threw: it must not be thrown through C. */
let thrown: { error: unknown } | null = null;

/**
 * Calls `step`, a call of OpenSSL, on behalf of the handshake of `hooks`. Throws what a callback
 * threw.
 */
export function onBehalfOf<T>(hooks: HandshakeHooks, step: () => T): T {
  current = hooks;
  thrown = null;
  const result = step();
  current = NONE;
  rethrow();
  return result;
}

function rethrow(): void {
  const caught = thrown;
  thrown = null;
  if (caught !== null) throw caught.error;
}

const made = new Map<string, Callback>();

function once<F extends CFunction>(name: string, declaration: F, body: CallbackBody<F>): Pointer {
  let callback = made.get(name);
  if (callback === undefined) {
    callback = platform().runtime.callback(declaration, body);
    made.set(name, callback);
  }
  return callback.pointer;
}

/** `SSL_CTX_alpn_select_cb_func`: the server's first protocol that the client offers as well. */
export function selectProtocol({ ssl }: OpenSSL): Pointer {
  const declaration = {
    params: ["pointer", "pointer", "pointer", "pointer", "u32", "pointer"],
    result: "i32",
  } as const satisfies CFunction;
  return once("alpn", declaration, (_ssl, out, outLength, offered, length) => {
    const { protocols } = current;
    if (protocols === null) return SSL_TLSEXT_ERR_ALERT_FATAL;
    // The result points into `protocols`, which OpenSSL copies as soon as this returns.
    const found = ssl.SSL_select_next_proto(
      out!,
      outLength!,
      protocols,
      protocols.length,
      offered,
      length,
    );
    return found === OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  });
}

/**
 * `SSL_verify_cb`: goes on whatever is wrong; what it was stays as the result of the verification.
 */
export function acceptUnverified(): Pointer {
  const declaration = { params: ["i32", "pointer"], result: "i32" } as const satisfies CFunction;
  return once("verify", declaration, () => 1);
}

/** The callback of a server for the OCSP response, of which OpenSSL wants a copy of its own. */
export function sendStaple({ ssl, crypto }: OpenSSL): Pointer {
  const declaration = { params: ["pointer", "pointer"], result: "i32" } as const;
  return once("staple", declaration, (pointer) => {
    const { ocspResponse } = current;
    if (ocspResponse === null) return SSL_TLSEXT_ERR_NOACK;
    const copy = crypto.CRYPTO_memdup(ocspResponse, ocspResponse.length, null, 0);
    const command = SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP;
    const done = ssl.SSL_ctrl(pointer, command, ocspResponse.length, copy);
    return done === 1 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
  });
}

/** `SSL_CTX_keylog_cb_func`. */
export function logKeys(openssl: OpenSSL): Pointer {
  const declaration = { params: ["pointer", "pointer"], result: "void" } as const;
  return once("keylog", declaration, (_ssl, line) => {
    try {
      current.keyLog?.(textAt(openssl, line));
    } catch (error) {
      thrown ??= { error };
    }
  });
}
