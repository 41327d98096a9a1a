// SPDX-License-Identifier: MIT
/**
 * Functions of libssl and libcrypto that the engine calls. Only those that all versions from 3.0 to
 * 4.0 export: many others are macros over `SSL_ctrl` and `SSL_CTX_ctrl` (numbers.ts).
 *
 * A C function that is called both with an address and with JavaScript memory is in two tables,
 * since a declaration has one type per parameter. `size_t` is `u32`, see platforms/contract/ffi.ts.
 */
import type { SymbolTable } from "../../../platforms/contract/ffi.ts";

/** libssl. */
export const SSL = {
  OPENSSL_init_ssl: { params: ["i64", "pointer"], result: "i32" },
  TLS_server_method: { params: [], result: "pointer" },
  TLS_client_method: { params: [], result: "pointer" },
  SSL_CTX_new: { params: ["pointer"], result: "pointer" },
  SSL_CTX_free: { params: ["pointer"], result: "void" },
  SSL_CTX_ctrl: { params: ["pointer", "i32", "i64", "pointer"], result: "i32" },
  SSL_CTX_callback_ctrl: { params: ["pointer", "i32", "pointer"], result: "i32" },
  SSL_CTX_set_options: { params: ["pointer", "i64"], result: "u32" },
  SSL_CTX_set_security_level: { params: ["pointer", "i32"], result: "void" },
  SSL_CTX_set_cipher_list: { params: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_set_ciphersuites: { params: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_set_alpn_protos: { params: ["pointer", "buffer", "u32"], result: "i32" },
  SSL_CTX_set_alpn_select_cb: { params: ["pointer", "pointer", "pointer"], result: "void" },
  SSL_CTX_set_keylog_callback: { params: ["pointer", "pointer"], result: "void" },
  SSL_CTX_use_certificate: { params: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_use_PrivateKey: { params: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_check_private_key: { params: ["pointer"], result: "i32" },
  SSL_CTX_set1_cert_store: { params: ["pointer", "pointer"], result: "void" },
  SSL_CTX_set_verify: { params: ["pointer", "i32", "pointer"], result: "void" },
  SSL_CTX_add_client_CA: { params: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_set_session_id_context: { params: ["pointer", "buffer", "u32"], result: "i32" },
  SSL_CTX_set_num_tickets: { params: ["pointer", "u32"], result: "i32" },
  SSL_new: { params: ["pointer"], result: "pointer" },
  SSL_free: { params: ["pointer"], result: "void" },
  SSL_ctrl: { params: ["pointer", "i32", "i64", "pointer"], result: "i32" },
  SSL_set_bio: { params: ["pointer", "pointer", "pointer"], result: "void" },
  SSL_set0_wbio: { params: ["pointer", "pointer"], result: "void" },
  SSL_get_key_update_type: { params: ["pointer"], result: "i32" },
  SSL_set_info_callback: { params: ["pointer", "pointer"], result: "void" },
  SSL_set_accept_state: { params: ["pointer"], result: "void" },
  SSL_set_connect_state: { params: ["pointer"], result: "void" },
  SSL_set1_host: { params: ["pointer", "buffer"], result: "i32" },
  SSL_set_hostflags: { params: ["pointer", "u32"], result: "void" },
  SSL_get0_param: { params: ["pointer"], result: "pointer" },
  SSL_do_handshake: { params: ["pointer"], result: "i32" },
  SSL_read: { params: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_peek: { params: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_write: { params: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_get_error: { params: ["pointer", "i32"], result: "i32" },
  SSL_shutdown: { params: ["pointer"], result: "i32" },
  SSL_get_version: { params: ["pointer"], result: "pointer" },
  SSL_get_current_cipher: { params: ["pointer"], result: "pointer" },
  SSL_CIPHER_standard_name: { params: ["pointer"], result: "pointer" },
  SSL_get0_alpn_selected: { params: ["pointer", "buffer", "buffer"], result: "void" },
  SSL_select_next_proto: {
    params: ["pointer", "pointer", "buffer", "u32", "pointer", "u32"],
    result: "i32",
  },
  SSL_get_verify_result: { params: ["pointer"], result: "i32" },
  SSL_get1_peer_certificate: { params: ["pointer"], result: "pointer" },
  SSL_session_reused: { params: ["pointer"], result: "i32" },
  SSL_get1_session: { params: ["pointer"], result: "pointer" },
  SSL_set_session: { params: ["pointer", "pointer"], result: "i32" },
  SSL_SESSION_is_resumable: { params: ["pointer"], result: "i32" },
  SSL_SESSION_free: { params: ["pointer"], result: "void" },
  SSL_export_keying_material: {
    // On the stack, a size_t needs all of its bytes.
    params: ["pointer", "buffer", "u32", "buffer", "i64", "buffer", "i64", "i32"],
    result: "i32",
  },
} as const satisfies SymbolTable;

/** libcrypto. */
export const CRYPTO = {
  OpenSSL_version_num: { params: [], result: "u32" },
  OpenSSL_version: { params: ["i32"], result: "pointer" },
  OPENSSL_strlcpy: { params: ["buffer", "pointer", "u32"], result: "u32" },
  BIO_s_mem: { params: [], result: "pointer" },
  BIO_new: { params: ["pointer"], result: "pointer" },
  BIO_free: { params: ["pointer"], result: "i32" },
  BIO_up_ref: { params: ["pointer"], result: "i32" },
  BIO_read: { params: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_write: { params: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_ctrl_pending: { params: ["pointer"], result: "u32" },
  CRYPTO_memdup: { params: ["buffer", "u32", "pointer", "i32"], result: "pointer" },
  CRYPTO_free: { params: ["pointer", "pointer", "i32"], result: "void" },
  ERR_get_error: { params: [], result: "u32" },
  ERR_clear_error: { params: [], result: "void" },
  ERR_reason_error_string: { params: ["u32"], result: "pointer" },
  PEM_read_bio_X509: { params: ["pointer", "pointer", "pointer", "buffer"], result: "pointer" },
  PEM_read_bio_PrivateKey: {
    params: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  PEM_read_bio_SSL_SESSION: {
    params: ["pointer", "pointer", "pointer", "pointer"],
    result: "pointer",
  },
  PEM_write_bio_SSL_SESSION: { params: ["pointer", "pointer"], result: "i32" },
  EVP_PKEY_free: { params: ["pointer"], result: "void" },
  X509_free: { params: ["pointer"], result: "void" },
  i2d_X509_bio: { params: ["pointer", "pointer"], result: "i32" },
  X509_STORE_new: { params: [], result: "pointer" },
  X509_STORE_free: { params: ["pointer"], result: "void" },
  X509_STORE_add_cert: { params: ["pointer", "pointer"], result: "i32" },
  X509_VERIFY_PARAM_set1_ip_asc: { params: ["pointer", "buffer"], result: "i32" },
  X509_verify_cert_error_string: { params: ["i32"], result: "pointer" },
} as const satisfies SymbolTable;

/** The same functions of libssl, with JavaScript memory where the table above has an address. */
export const SSL_BYTES = {
  SSL_CTX_ctrl: { params: ["pointer", "i32", "i64", "buffer"], result: "i32" },
  SSL_ctrl: { params: ["pointer", "i32", "i64", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

/** Functions of libcrypto with JavaScript memory in place of an address. */
export const CRYPTO_BYTES = {
  BIO_new_mem_buf: { params: ["buffer", "i32"], result: "pointer" },
  // The `long` argument is always 0, so 32 bits suffice.
  BIO_ctrl: { params: ["pointer", "i32", "u32", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

/** The same functions of libcrypto, with addresses as numbers where the table above has memory. */
export const CRYPTO_ADDRESSES = {
  BIO_write: { params: ["pointer", "i64", "i32"], result: "i32" },
} as const satisfies SymbolTable;
