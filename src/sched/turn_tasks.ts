// SPDX-License-Identifier: MIT
/** Work that is put off to the end of the scheduler's turn, as sending what goroutines wrote in it. */

/** A task for the end of a turn. */
export interface TurnTask {
  /**
   * Called once, outside any goroutine, when the goroutines that were runnable have run, and before
   * the thread waits in the poller. It must not throw.
   */
  endTurn(): void;
}

/** The tasks for the end of the present turn. */
export class TurnTasks {
  #tasks: TurnTask[] = [];
  #others: TurnTask[] = [];

  /** Whether there is none. */
  get empty(): boolean {
    return this.#tasks.length === 0;
  }

  /** Adds a task for the end of this turn. */
  add(task: TurnTask): void {
    this.#tasks.push(task);
  }

  /** Does the tasks in the order in which they were added; those that they add come next time. */
  run(): void {
    const tasks = this.#tasks;
    this.#tasks = this.#others;
    this.#others = tasks;
    for (const task of tasks) task.endTurn();
    tasks.length = 0;
  }
}
