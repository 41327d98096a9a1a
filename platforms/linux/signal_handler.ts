// SPDX-License-Identifier: MIT
/**
 * Machine code of a signal handler: `send(fd, &signal, 1, MSG_DONTWAIT | MSG_NOSIGNAL)`, and
 * nothing else. This is Bernstein's self-pipe trick.
 *
 * A signal may be delivered to any thread of the process at any point, so no JavaScript may run in
 * its handler. This code makes one system call, which does not touch errno, and uses 24 bytes of
 * stack. It reads the descriptor from a word one page after its own beginning; if that is -1 the
 * call fails without effect. signal-safety(7).
 */

/**
 * Distance from the code to the descriptor word: a page, so that only the code need be executable.
 */
export const WORD_AT = 4096;

// deno-fmt-ignore
const X64 = [
  0x48, 0x83, 0xec, 0x18,             // sub rsp, 24
  0x40, 0x88, 0x3c, 0x24,             // mov [rsp], dil      the signal's number
  0x8b, 0x3d, ...word(WORD_AT - 14),  // mov edi, [rip + n]  the descriptor
  0x48, 0x89, 0xe6,                   // mov rsi, rsp
  0xba, 0x01, 0x00, 0x00, 0x00,       // mov edx, 1
  0x41, 0xba, 0x40, 0x40, 0x00, 0x00, // mov r10d, MSG_DONTWAIT | MSG_NOSIGNAL
  0x45, 0x31, 0xc0,                   // xor r8d, r8d
  0x45, 0x31, 0xc9,                   // xor r9d, r9d
  0xb8, 0x2c, 0x00, 0x00, 0x00,       // mov eax, 44         sendto
  0x0f, 0x05,                         // syscall
  0x48, 0x83, 0xc4, 0x18,             // add rsp, 24
  0xc3,                               // ret
];

// deno-fmt-ignore
const ARM64 = [
  0xd10043ff,                               // sub sp, sp, #16
  0x390003e0,                               // strb w0, [sp]   the signal's number
  0x18000000 | ((WORD_AT - 8) / 4) << 5,    // ldr w0, word    the descriptor
  0x910003e1,                               // mov x1, sp
  0xd2800022,                               // mov x2, #1
  0xd2880803,                               // mov x3, #(MSG_DONTWAIT | MSG_NOSIGNAL)
  0xd2800004,                               // mov x4, #0
  0xd2800005,                               // mov x5, #0
  0xd28019c8,                               // mov x8, #206    sendto
  0xd4000001,                               // svc #0
  0x910043ff,                               // add sp, sp, #16
  0xd65f03c0,                               // ret
].flatMap(word);

/** Returns a page with the handler, followed by a page that begins with the word, set to -1. */
export function handlerPages(arch: "x64" | "arm64"): Uint8Array<ArrayBuffer> {
  const pages = new Uint8Array(2 * WORD_AT);
  pages.set(arch === "x64" ? X64 : ARM64);
  pages.set(word(-1), WORD_AT);
  return pages;
}

/** Returns the bytes of a little-endian 32-bit word. */
function word(value: number): number[] {
  return [value, value >> 8, value >> 16, value >> 24].map((byte) => byte & 0xff);
}
