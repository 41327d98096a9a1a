// SPDX-License-Identifier: MIT
/** Constants of OpenSSL's headers, by their names there. They are part of its ABI. */

// ssl.h: commands of SSL_ctrl and SSL_CTX_ctrl.
export const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
export const SSL_CTRL_MODE = 33;
export const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
export const SSL_CTRL_GET_TLSEXT_TICKET_KEYS = 58;
export const SSL_CTRL_SET_TLSEXT_TICKET_KEYS = 59;
export const SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB = 63;
export const SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE = 65;
export const SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP = 70;
export const SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP = 71;
export const SSL_CTRL_CHAIN_CERT = 89;
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
export const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;

/** ssl.h: argument of SSL_CTRL_CHAIN_CERT that adds a reference. */
export const CHAIN_ADD1 = 1;

/** ssl.h: a mode; an idle connection holds no record buffers. */
export const SSL_MODE_RELEASE_BUFFERS = 0x10;

// ssl.h: options.
export const SSL_OP_NO_COMPRESSION = 0x20000;
export const SSL_OP_CIPHER_SERVER_PREFERENCE = 0x400000;
export const SSL_OP_NO_RENEGOTIATION = 0x40000000;

export const SSL_SESS_CACHE_OFF = 0;

// ssl.h: SSL_CTX_set_verify.
export const SSL_VERIFY_NONE = 0;
export const SSL_VERIFY_PEER = 1;
export const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;

// ssl.h: SSL_get_error.
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_ZERO_RETURN = 6;

/** ssl.h: what SSL_set_info_callback reports: an alert is sent. */
export const SSL_CB_WRITE_ALERT = 0x4008;

/** ssl.h: SSL_get_key_update_type. */
export const SSL_KEY_UPDATE_NONE = -1;

// bio.h: commands of BIO_ctrl, and an argument: the BIO does not free the BUF_MEM.
export const BIO_CTRL_INFO = 3;
export const BIO_C_SET_BUF_MEM = 114;
export const BIO_NOCLOSE = 0;

// tls1.h.
export const TLSEXT_NAMETYPE_host_name = 0;
export const TLSEXT_STATUSTYPE_ocsp = 1;
export const SSL_TLSEXT_ERR_OK = 0;
export const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
export const SSL_TLSEXT_ERR_NOACK = 3;
/** SSL_select_next_proto found a protocol in both lists. */
export const OPENSSL_NPN_NEGOTIATED = 1;

/** Versions of the protocol, by the names of `node:tls`. */
export const VERSIONS = { "TLSv1.2": 0x0303, "TLSv1.3": 0x0304 } as const;

// x509v3.h: flags of SSL_set_hostflags.
export const X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
export const X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20;

export const X509_V_OK = 0;
