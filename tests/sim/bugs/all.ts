// SPDX-License-Identifier: MIT
/** The planted bugs. */
import { acceptLoop } from "./accept_loop.ts";
import type { Bug } from "./bug.ts";
import { movedRecord } from "./compaction.ts";
import { datagrams } from "./datagrams.ts";
import { deadlineRace } from "./deadline_race.ts";
import { doubleClose } from "./double_close.ts";
import { halfClose } from "./half_close.ts";
import { lostUpdate } from "./lost_update.ts";
import { lostWakeUp } from "./lost_wake_up.ts";
import { partialWrite } from "./partial_write.ts";
import { pipelining } from "./pipelining.ts";
import { retry } from "./retry.ts";
import { overrunRing } from "./ring.ts";
import { shortRead } from "./short_read.ts";
import { splitBrain } from "./split_brain.ts";
import { neighbors } from "./swap.ts";

/** All of them. */
export const BUGS: readonly Bug[] = [
  lostWakeUp,
  partialWrite,
  shortRead,
  halfClose,
  deadlineRace,
  doubleClose,
  retry,
  splitBrain,
  lostUpdate,
  pipelining,
  acceptLoop,
  datagrams,
  overrunRing,
  movedRecord,
  neighbors,
];
