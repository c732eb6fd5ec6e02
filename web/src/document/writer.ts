/** Which tab may write the document: the browser's own locks say, and a lease where there are none (plain http). */

import { Lease, type Surroundings, type Word } from "./lease";

/** What the tab is told, in its turn: another one writes, now this one does, and no more. */
export interface Candidate {
  denied(): void;
  granted(): Promise<void>;
  lost(): void;
}

const NAME = "semdraw-autosave";

/** Ask for the right to write; kept until the page is closed, or until the lease is lost. */
export async function claimWriting(candidate: Candidate): Promise<void> {
  if (!hasLocks()) return new Lease(candidate, surroundings()).start();
  const hold = async (): Promise<never> => {
    await candidate.granted();
    return new Promise(() => undefined);
  };
  await navigator.locks.request(NAME, { ifAvailable: true }, (lock) => (lock ? hold() : candidate.denied()));
  await navigator.locks.request(NAME, hold);
}

/** Whether the right is kept until the page is gone, so that its last words need no look at what others wrote. */
export function hasLocks(): boolean {
  return "locks" in navigator;
}

function surroundings(): Surroundings {
  const channel = new BroadcastChannel(NAME);
  return {
    name: NAME,
    storage: localStorage,
    now: () => Date.now(),
    after: (wait_ms, act) => void setTimeout(act, wait_ms),
    say: (word) => channel.postMessage(word),
    listen: (hear) => (channel.onmessage = ({ data }) => hear(data as Word)),
    leaving: (act) => window.addEventListener("pagehide", act),
    returning: (act) => window.addEventListener("pageshow", (event) => event.persisted && act()),
  };
}
