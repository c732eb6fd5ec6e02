/** Tabs that share one line of storage and hear each other; time goes by in steps. */

import { describe, expect, it } from "vitest";
import { ANSWER_MS, Lease, RENEW_MS, SETTLE_MS, STALE_MS, type Surroundings, type Word } from "../src/document/lease";

/** A browser with one clock and one store. */
class Browser {
  now_ms = 0;
  readonly store = new Map<string, string>();
  readonly #timers: { at_ms: number; tab: Tab; act: () => void }[] = [];
  readonly tabs: Tab[] = [];

  open(): Tab {
    const tab = new Tab(this);
    this.tabs.push(tab);
    tab.lease.start();
    return tab;
  }

  after(tab: Tab, wait_ms: number, act: () => void): void {
    this.#timers.push({ at_ms: this.now_ms + wait_ms, tab, act });
  }

  /** Let time go by; timers of tabs that sleep wait until they wake. */
  pass(ms: number): void {
    const end = this.now_ms + ms;
    for (;;) {
      const due = this.#timers.filter(({ at_ms, tab }) => at_ms <= end && !tab.sleeps && !tab.isClosed);
      const next = due.sort((a, b) => a.at_ms - b.at_ms)[0];
      if (!next) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      next.act();
    }
    this.now_ms = end;
  }
}

class Tab {
  mayWrite = false;
  wasDenied = false;
  sleeps = false;
  isDeaf = false;
  isClosed = false;
  hear: (word: Word) => void = () => undefined;
  leave: () => void = () => undefined;
  readonly lease: Lease;

  constructor(browser: Browser) {
    const around: Surroundings = {
      name: "lease",
      storage: {
        getItem: (key) => browser.store.get(key) ?? null,
        setItem: (key, value) => void browser.store.set(key, value),
        removeItem: (key) => void browser.store.delete(key),
      },
      now: () => browser.now_ms,
      after: (wait_ms, act) => browser.after(this, wait_ms, act),
      say: (word) => browser.tabs.filter((tab) => tab !== this && !tab.isClosed && !tab.isDeaf).forEach((tab) => tab.hear(word)),
      listen: (hear) => (this.hear = hear),
      leaving: (act) => (this.leave = act),
      returning: () => undefined,
    };
    const denied = (): void => void ([this.mayWrite, this.wasDenied] = [false, true]);
    const granted = async (): Promise<void> => void (this.mayWrite = true);
    this.lease = new Lease({ denied, granted, lost: denied }, around);
  }

  close(): void {
    this.leave();
    this.isClosed = true;
  }

  crash(): void {
    this.isClosed = true;
  }
}

describe("a lease", () => {
  it("goes to the first tab, and to the next at once when that one is closed", () => {
    const browser = new Browser();
    const first = browser.open();
    browser.pass(SETTLE_MS);
    const second = browser.open();
    expect([first.mayWrite, second.mayWrite, second.wasDenied]).toEqual([true, false, true]);
    browser.pass(10 * STALE_MS);
    expect([first.mayWrite, second.mayWrite]).toEqual([true, false]);
    first.close();
    browser.pass(SETTLE_MS);
    expect(second.mayWrite).toBe(true);
  });

  it("goes to one of two tabs that are opened in the same moment", () => {
    const browser = new Browser();
    const tabs = [browser.open(), browser.open()];
    browser.pass(10 * STALE_MS);
    expect(tabs.filter((tab) => tab.mayWrite)).toHaveLength(1);
  });

  it("is free again some seconds after its holder crashed", () => {
    const browser = new Browser();
    const first = browser.open();
    browser.pass(SETTLE_MS);
    const second = browser.open();
    first.crash();
    browser.pass(STALE_MS - RENEW_MS);
    expect(second.mayWrite).toBe(false);
    browser.pass(3 * RENEW_MS + ANSWER_MS + SETTLE_MS);
    expect(second.mayWrite).toBe(true);
  });

  it("stays with a holder whose timers sleep while it answers", () => {
    const browser = new Browser();
    const first = browser.open();
    browser.pass(SETTLE_MS);
    first.sleeps = true;
    const second = browser.open();
    browser.pass(10 * STALE_MS);
    expect([first.mayWrite, second.mayWrite]).toEqual([true, false]);
  });

  it("is given up by a holder that slept too deeply and finds it taken", () => {
    const browser = new Browser();
    const first = browser.open();
    browser.pass(SETTLE_MS);
    first.sleeps = first.isDeaf = true;
    const second = browser.open();
    browser.pass(10 * STALE_MS);
    expect(second.mayWrite).toBe(true);
    first.sleeps = first.isDeaf = false;
    browser.pass(RENEW_MS);
    expect([first.mayWrite, second.mayWrite]).toEqual([false, true]);
  });
});
