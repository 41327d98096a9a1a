// SPDX-License-Identifier: MIT

export function pipe(ms: string): Promise<void>;
export function deadlines(ms: string, connections: string, moves: string): Promise<void>;
