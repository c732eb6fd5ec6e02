import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Renders } from "../src/live/renders.svelte";
import { GoneError, RefusedError } from "../src/net/http";
import * as net from "../src/net/renders";
import { settings } from "../src/settings.svelte";
import type { Studio } from "../src/studio.svelte";

vi.mock("../src/net/renders");
const server = vi.mocked(net);

const AWAY = new Error("the server is out of reach");
const studio = { sceneShown: () => ({ seed: 1 }) } as unknown as Studio;
const stored = new Map<string, string>();

function progress(part: Partial<net.Progress> = {}): net.Progress {
  return { id: "a", state: "painting", reason: "", extent: [8, 8], pictures: 4, finished: 0, step: 1, num_steps: 4, ...part };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetAllMocks();
  stored.clear();
  settings.language = "en";
  vi.stubGlobal("sessionStorage", { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, text: string) => stored.set(key, text) });
  server.forget.mockResolvedValue();
  server.cancel.mockResolvedValue();
  server.finishedPicture.mockResolvedValue(new Blob(["png"]));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** An order that the server has told of; what it tells next is the test's. */
async function ordered(first: net.Progress): Promise<Renders> {
  const renders = new Renders(studio);
  server.order.mockResolvedValue(first);
  server.progressOf.mockResolvedValue(first);
  await renders.begin({ num_steps: 4, scale: 1, pictures: 4 });
  await vi.advanceTimersByTimeAsync(500);
  return renders;
}

const told = ({ list }: Renders) => list.map(({ progress: { state, reason }, results }) => [state, reason, results.length]);

test("an order that is cancelled keeps its finished pictures, here and on the server", async () => {
  const renders = await ordered(progress({ finished: 2 }));
  renders.cancel("a");
  expect(told(renders)).toEqual([["cancelled", "", 2]]);
  expect([server.cancel.mock.calls, server.forget.mock.calls]).toEqual([[["a"]], []]);
  renders.forget("a");
  expect([told(renders), server.forget.mock.calls]).toEqual([[], [["a"]]]);
});

test("of an order that is cancelled before its first picture nothing stays", async () => {
  const renders = await ordered(progress());
  renders.cancel("a");
  expect([told(renders), server.forget.mock.calls]).toEqual([[], [["a"]]]);
});

test("a reload while the server is away forgets no order; what the server knows no more is said", async () => {
  await ordered(progress({ finished: 1 }));
  server.progressOf.mockRejectedValue(AWAY);
  server.finishedPicture.mockRejectedValue(AWAY);
  const loaded = new Renders(studio);
  loaded.resume();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(loaded.list.map(({ isOutOfReach }) => isOutOfReach)).toEqual([true]);
  const again = new Renders(studio);
  again.resume();
  expect(again.list).toHaveLength(1);
  server.progressOf.mockRejectedValue(new GoneError("no such order"));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(again.list[0]?.progress.reason).toContain("knows it no more");
});

test("orders are painted where site data is blocked", async () => {
  const block = (): never => { throw new DOMException("denied", "SecurityError"); };
  vi.stubGlobal("sessionStorage", { getItem: block, setItem: block });
  const renders = new Renders(studio);
  expect(() => renders.resume()).not.toThrow();
  server.order.mockResolvedValue(progress({ pictures: 1 }));
  server.progressOf.mockResolvedValue(progress({ state: "done", pictures: 1, finished: 1 }));
  const file = renders.file(studio.sceneShown(), "webp");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await (await file)?.text()).toBe("png");
  expect(server.finishedPicture.mock.calls, "fetched once, as what is wanted").toEqual([["a", 0, "webp"]]);
});

test("a finished picture that the server cannot write is asked for some times, then told", async () => {
  server.finishedPicture.mockRejectedValue(new RefusedError("too large for a PNG"));
  const renders = await ordered(progress({ state: "done", finished: 4 }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told(renders)).toEqual([["failed", "too large for a PNG", 0]]);
  expect(server.finishedPicture.mock.calls.length).toBeLessThan(10);
});
