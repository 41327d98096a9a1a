// SPDX-License-Identifier: MIT
/**
 * The five settings that OpenSSL accepts only as C callbacks: a server's choice of protocol (ALPN),
 * accepting an unverified client certificate, the key log, the stapled OCSP response, and the state
 * of a connection whose kernel encrypts. OpenSSL has no built-in function for any of them, so the
 * callbacks are JavaScript.
 *
 * This is safe: OpenSSL calls them only within `SSL_do_handshake`, or the last of them within
 * another call on the connection, which this thread makes, and each is created once per thread, at
 * first use, and never freed, so no SSL_CTX outlives it. The current handshake is stored in
 * `current`, because C passes only addresses. A Deno whose `--allow-ffi` lists files does not permit
 * callbacks: there these functions throw PlatformError.
 */
import type {
  Callback,
  CallbackBody,
  CFunction,
  Pointer,
} from "../../../platforms/contract/ffi.ts";
import { platform } from "../../../platforms/platform.ts";
import type { OpenSSL } from "./library.ts";
import { bytesAt } from "./memory.ts";
import {
  OPENSSL_NPN_NEGOTIATED,
  SSL_CB_WRITE_ALERT,
  SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP,
  SSL_TLSEXT_ERR_ALERT_FATAL,
  SSL_TLSEXT_ERR_NOACK,
  SSL_TLSEXT_ERR_OK,
} from "./numbers.ts";
import type { TrafficSecret } from "./traffic_secret.ts";

/** Handshake state that the callbacks use. */
export interface HandshakeHooks {
  /** The server's protocols in ALPN wire format, the preferred one first. */
  readonly protocols: Uint8Array<ArrayBuffer> | null;
  /** The server's OCSP response. */
  readonly ocspResponse: Uint8Array<ArrayBuffer> | null;
  /** Receives the lines of the key log. */
  readonly keyLog: ((line: string) => void) | null;
}

const NONE: HandshakeHooks = { protocols: null, ocspResponse: null, keyLog: null };

let current = NONE;
/** Receives the traffic secret of the current handshake; null if it is not needed. */
let secret: TrafficSecret | null = null;
/** Last alert that OpenSSL has sent: level * 256 + description; -1 if there is none. */
let alert = -1;
/** Whether OpenSSL has processed a handshake message after the handshake. */
let message = false;
/** Error thrown by a callback: it must not propagate through C. */
let thrown: { error: unknown } | null = null;

/**
 * Calls `step`, an OpenSSL call, with `hooks` as the current handshake, whose traffic secret goes
 * to `wanted`. Rethrows the error of a callback.
 */
export function onBehalfOf<T>(
  hooks: HandshakeHooks,
  wanted: TrafficSecret | null,
  step: () => T,
): T {
  current = hooks;
  secret = wanted;
  thrown = null;
  const result = step();
  current = NONE;
  secret = null;
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

/**
 * `SSL_CTX_alpn_select_cb_func`: selects the server's first protocol that the client offers too.
 */
export function selectProtocol({ ssl }: OpenSSL): Pointer {
  const declaration = {
    params: ["pointer", "pointer", "pointer", "pointer", "u32", "pointer"],
    result: "i32",
  } as const satisfies CFunction;
  return once("alpn", declaration, (_ssl, out, outLength, offered, length) => {
    const { protocols } = current;
    if (protocols === null) return SSL_TLSEXT_ERR_ALERT_FATAL;
    // The result points into `protocols`; OpenSSL copies it right after the callback returns.
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
 * `SSL_verify_cb`: continues despite any error, which stays available as the verification result.
 */
export function acceptUnverified(): Pointer {
  const declaration = { params: ["i32", "pointer"], result: "i32" } as const satisfies CFunction;
  return once("verify", declaration, () => 1);
}

/**
 * Returns a server's callback for the OCSP response, of which OpenSSL needs a copy that it frees.
 */
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
    if (!line) return;
    const text = bytesAt(openssl, line);
    try {
      secret?.take(text);
      current.keyLog?.(new TextDecoder().decode(text));
    } catch (error) {
      thrown ??= { error };
    }
    text.fill(0);
  });
}

/** The callback of SSL_set_info_callback, for the two functions that follow. */
export function reportState(): Pointer {
  const declaration = { params: ["pointer", "i32", "i32"], result: "void" } as const;
  return once("state", declaration, (_ssl, where, value) => {
    if (where === SSL_CB_WRITE_ALERT) alert = value;
    else message = true;
  });
}

/** Whether anything else has happened than alerts since the last call, such as a KeyUpdate. */
export function takeMessage(): boolean {
  const taken = message;
  message = false;
  return taken;
}

/** The alert that OpenSSL has sent since the last call, as it is on the wire; null for none. */
export function takeAlert(): Uint8Array | null {
  const taken = alert;
  alert = -1;
  return taken < 0 ? null : Uint8Array.of(taken >> 8, taken & 0xff);
}
