// SPDX-License-Identifier: MIT
/**
 * Blocking-style network code for Bun and Deno, built directly on the operating system's poller: what
 * Go has under `net`. Goroutines are `function*`; every call that may park is called with `yield*`.
 *
 * @example An echo server with one goroutine per connection.
 * ```ts
 * import { type Conn, listen, notify, run, serve } from "@netpoll/netpoll";
 *
 * await run(function* () {
 *   using listener = yield* listen("tcp", "127.0.0.1:8080");
 *   yield* serve(listener, echo, { context: notify("SIGINT", "SIGTERM").context });
 * });
 *
 * function* echo(conn: Conn) {
 *   const buf = new Uint8Array(4096);
 *   for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
 * }
 * ```
 *
 * @module
 */
export { dump, go, gosched, numGoroutine, run, runSync, sleep, wait } from "./src/sched/api.ts";
export { OpenRun, openRun, type OpenRunOptions } from "./src/sched/open_run.ts";
export { dumpOnSignal } from "./src/diag/dump_on_signal.ts";
export { startTrace, stopTrace, type TraceOptions } from "./src/diag/trace.ts";
export { DeadlockError } from "./src/sched/deadlock.ts";
export { type Park } from "./src/sched/park.ts";
export {
  type Goroutine,
  type GoroutineStatus,
  PanicError,
  type Routine,
} from "./src/sched/goroutine.ts";
export type { RunOptions } from "./src/sched/run.ts";
export type { OnSlow } from "./src/sched/watchdog.ts";
export { type Stats, stats } from "./src/diag/stats.ts";
export { type PlatformInfo, platformInfo } from "./src/netpoll/info.ts";
export type { Chunks } from "./src/fd/chunks.ts";
export { type DenoErrorName, denoErrors, errors } from "./src/fd/deno_errors.ts";
export { wake, type WakerHandle } from "./src/fd/wake_words.ts";
export { Waker } from "./src/fd/waker.ts";
export {
  ClosedError,
  ClosedPipeError,
  NotPollableError,
  SyscallError,
  UnexpectedEOFError,
} from "./src/fd/errors.ts";
export { type Addr, InternetAddr, TCPAddr, UDPAddr } from "./src/net/addr/addr.ts";
export type { Deadline } from "./src/net/deadline.ts";
export {
  copy,
  type CopyOptions,
  type Reader,
  splice,
  type SpliceOptions,
  type Writer,
} from "./src/net/io/copy.ts";
export { dial, type Network } from "./src/net/dial.ts";
export { AddrError, UnknownNetworkError } from "./src/net/addr/errors.ts";
export { DNSError, OpError } from "./src/net/errors.ts";
export { fileConn, fileListener, filePacketConn } from "./src/net/file/file.ts";
export type { FileListenerOptions, FileOptions } from "./src/net/file/file_adopt.ts";
export { formatIP, parseIP, parseIPZone } from "./src/net/addr/ip.ts";
export type { CallOptions, LimitOptions } from "./src/net/options/call_options.ts";
export { type IPNet, parseCIDR } from "./src/net/addr/cidr.ts";
export {
  type Interface,
  interfaceAddrs,
  interfaceByName,
  interfaces,
} from "./src/net/addr/interfaces.ts";
export { joinHostPort, splitHostPort } from "./src/net/addr/host_port.ts";
export { listen, type StreamNetwork } from "./src/net/listen.ts";
export { closeFd, type ListenFd, listenFds, shareFd } from "./src/net/file/listen_fds.ts";
export { listenPacket, type PacketNetwork } from "./src/net/listen_packet.ts";
export { PacketBatch } from "./src/net/udp/packet_batch.ts";
export {
  type Datagram,
  type PacketConn,
  WriteToConnectedError,
} from "./src/net/socket/packet_conn.ts";
export { lookupHost } from "./src/net/resolve/lookup.ts";
export type { Conn, KeepAlive, Listener } from "./src/net/net.ts";
export type {
  Control,
  DialOptions,
  ListenOptions,
  ListenPacketOptions,
  LookupHost,
  LookupOptions,
  NameResolver,
  PacketOptions,
  ResolverMode,
  SocketOptions,
  TCPOptions,
} from "./src/net/options/options.ts";
export type {
  ProxyHeaderOptions,
  ProxyProtocolOptions,
  ProxyTLV,
} from "./src/net/options/proxy_options.ts";
export { ProxyProtocolError, type ProxyProtocolReason } from "./src/net/proxy_error.ts";
export { proxyHeader } from "./src/net/proxyproto/format.ts";
export { type ProxyInfo, proxyInfo } from "./src/net/proxyproto/info.ts";
export type { ProxySSL } from "./src/net/proxyproto/ssl.ts";
export { lookupPort } from "./src/net/resolve/service_port.ts";
export {
  type InternetNetwork,
  resolveTCPAddr,
  resolveUDPAddr,
  type TCPNetwork,
  type UDPNetwork,
} from "./src/net/resolve/resolve.ts";
import "./src/resolver/default_resolver.ts";
export { Resolver } from "./src/resolver/resolver.ts";
export type {
  FileSource,
  ResolverCacheOptions,
  ResolverDial,
  ResolverOptions,
} from "./src/resolver/options.ts";
export type { CAA, MX, NS, ServiceBinding, SRV } from "./src/resolver/records.ts";
export type { IPNetwork } from "./src/net/resolve/lookup.ts";
export { pipe } from "./src/net/io/pipe.ts";
export { type ByteCounters, byteCounters } from "./src/net/socket/byte_counters.ts";
export { readAll } from "./src/net/io/read_all.ts";
export { sendFile, type SendFileOptions } from "./src/net/io/send_file.ts";
export { type Cancel, cancellable } from "./src/context/cancellable.ts";
export type { PacketInfo } from "./src/net/socket/packet_conn.ts";
export type { SendInfo, UDPConn, UDPMessage } from "./src/net/udp/udp.ts";
export type {
  PeerCredentials,
  UnixConn,
  UnixgramConn,
  UnixListener,
  UnixMessage,
  UnixMessages,
  UnixSendInfo,
} from "./src/net/unix/unix.ts";
export { UnixAddr, type UnixNetwork } from "./src/net/addr/unix_addr.ts";
export { chan } from "./src/chan/channel.ts";
export { type Chan } from "./src/chan/chan.ts";
export type { Received, Sent } from "./src/chan/outcome.ts";
export { Cond } from "./src/sync/cond.ts";
export {
  background,
  cause,
  Context,
  todo,
  withoutCancel,
  withValue,
} from "./src/context/context.ts";
export {
  type CancelCauseFunc,
  type CancelFunc,
  withCancel,
  withCancelCause,
  withDeadline,
  withTimeout,
} from "./src/context/with_cancel.ts";
export {
  Canceled,
  CanceledError,
  type ContextError,
  DeadlineExceeded,
  DeadlineExceededError,
  isCanceled,
  isTimeout,
} from "./src/context/errors.ts";
export { withIdleTimeout } from "./src/context/idle_timeout.ts";
export { afterFunc, fromSignal } from "./src/context/abort_signal.ts";
export { ErrGroup } from "./src/sync/err_group.ts";
export { Held, type Locker, Mutex } from "./src/sync/mutex.ts";
export { Once } from "./src/sync/once.ts";
export { ObjectPool, Pool } from "./src/sync/object_pool.ts";
export { RWMutex } from "./src/sync/rw_mutex.ts";
export { Scope, scope } from "./src/sync/scope.ts";
export { select } from "./src/chan/select.ts";
export {
  type ArmResult,
  type CaseOutcome,
  otherwise,
  type OUTCOME,
  type Place,
  type SelectArm,
  type SelectCase,
  type SelectResult,
  type SelectWaiter,
} from "./src/chan/select_case.ts";
export { onPromise, type Resolved } from "./src/chan/promise_case.ts";
export { type RetryAttempt, retryDial, type RetryOptions } from "./src/retry/retry_dial.ts";
export { type FailedAttempt, RetryError } from "./src/retry/retry_error.ts";
export { ConnPool, type ConnPoolStats } from "./src/connpool/conn_pool.ts";
export type { ConnPoolOptions } from "./src/connpool/options.ts";
export { PooledConn } from "./src/connpool/pooled_conn.ts";
export { serve } from "./src/serve/serve.ts";
export type { ServeContext, ServeCounts, ServeHandler } from "./src/serve/conn_server.ts";
export type { ServeOptions } from "./src/serve/options.ts";
export type {
  FirstBytes,
  Limit,
  LimitName,
  Limits,
  RateLimit,
  Shed,
  ShedPolicy,
} from "./src/limit/limit_options.ts";
export { notify, SignalNotifier } from "./src/signal/notify.ts";
export type { Signal } from "./src/signal/signals.ts";
export { Semaphore } from "./src/sync/semaphore.ts";
export { after, Ticker, Timer } from "./src/time/timer.ts";
export { type FuncTimer, timerFunc } from "./src/time/after_func.ts";
export { WaitGroup } from "./src/sync/wait_group.ts";
export { type ErrorClass, PlatformError } from "./platforms/contract/platform.ts";
export { type DuplexOptions, toDuplex } from "./src/bridge/duplex.ts";
export { type DuplexConnOptions, fromDuplex } from "./src/bridge/duplex_conn.ts";
export {
  fromWebStreams,
  toWebStreams,
  type WebStreams,
  type WebStreamsOptions,
} from "./src/bridge/web_streams.ts";
export type { TLSConn } from "./src/tls/tls.ts";
export { tlsDial } from "./src/tls/tls_dial.ts";
export { tlsListen, TLSListener, tlsListener } from "./src/tls/tls_listen.ts";
export { tlsClient, tlsServer } from "./src/tls/tls_upgrade.ts";
export { type TLSInfo, tlsInfo } from "./src/tls/tls_info.ts";
export { TLSError, TLSUnsupportedError } from "./src/tls/tls_error.ts";
export type {
  PEM,
  TLSCertificate,
  TLSCertificates,
  TLSClientOptions,
  TLSDialOptions,
  TLSEngineName,
  TLSListenOptions,
  TLSOptions,
  TLSServerOptions,
  TLSVersion,
} from "./src/tls/tls_options.ts";
export { ProxyConnectError } from "./src/proxydial/errors.ts";
export { type Environment, proxyFromEnvironment } from "./src/proxydial/environment.ts";
export { httpConnect } from "./src/proxydial/http_connect.ts";
export type {
  HTTPConnectOptions,
  ProxyDialOptions,
  SOCKS5Options,
} from "./src/proxydial/options.ts";
export { proxyDial } from "./src/proxydial/proxy_dial.ts";
export { socks5Connect } from "./src/proxydial/socks5.ts";
export { BufferedReader } from "./src/bufio/buffered_reader.ts";
export { BufferedWriter } from "./src/bufio/buffered_writer.ts";
export { Delimited, type DelimitedOptions } from "./src/bufio/delimited.ts";
export {
  type BufferedUnit,
  InterruptedWriteError,
  NoProgressError,
  ShortWriteError,
  TooLongError,
} from "./src/bufio/errors.ts";
export type { Framing } from "./src/bufio/framing.ts";
export type { LengthPrefix } from "./src/bufio/length_prefix.ts";
export { LengthPrefixed, type LengthPrefixedOptions } from "./src/bufio/length_prefixed.ts";
export type {
  BufferedReaderOptions,
  BufferedReadOptions,
  BufferedWriterOptions,
} from "./src/bufio/options.ts";
export { Scanner, type ScannerOptions } from "./src/bufio/scanner.ts";
export {
  scanBytes,
  scanLines,
  scanRunes,
  scanWords,
  type Split,
  type SplitFunc,
} from "./src/bufio/split.ts";
