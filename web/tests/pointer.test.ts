import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Gesture, Pointer } from "../src/canvas/pointer";

class Glass extends EventTarget {
  readonly clientWidth = 200;
  readonly clientHeight = 200;
  setPointerCapture(): void {}
  focus(): void {}
  getBoundingClientRect() {
    return { left: 0, top: 0 };
  }
}

let glass: Glass;
let pointer: Pointer;

beforeEach(() => {
  glass = new Glass();
  pointer = new Pointer(glass as unknown as HTMLElement, () => undefined);
});

function send(type: string, pointerType: string, pointerId: number, clientX: number, more: object = {}): void {
  const facts = { pointerType, pointerId, clientX, clientY: 10, pressure: 0.5, tiltX: 0, tiltY: 0, button: 0, buttons: 1, shiftKey: false, altKey: false, getCoalescedEvents: () => [] };
  glass.dispatchEvent(Object.assign(new Event(`pointer${type}`), facts, more));
}

afterEach(() => void vi.useRealTimers());

/** What was done since the last look, hovering aside. */
function done(): readonly string[] {
  return pointer.take().map(({ kind }) => kind).filter((kind) => kind !== "hover");
}

test("a palm on the glass leaves the pen's stroke alone", () => {
  send("down", "pen", 1, 10);
  send("down", "touch", 2, 50);
  send("move", "touch", 2, 60);
  send("move", "pen", 1, 20);
  send("up", "touch", 2, 60);
  send("move", "pen", 1, 30);
  send("up", "pen", 1, 30);
  expect(done()).toEqual(["begin", "draw", "draw", "end"]);
});

test("a palm that lay there before the pen came leaves no dab, and the pen paints", () => {
  send("down", "touch", 2, 50);
  send("down", "pen", 1, 10);
  send("move", "touch", 2, 60);
  send("move", "pen", 1, 20);
  send("up", "pen", 1, 20);
  send("up", "touch", 2, 60);
  expect(done()).toEqual(["begin", "cancel", "begin", "draw", "end"]);
});

test("without a pen two fingers move the view, and with one that was lifted a finger does", () => {
  send("down", "touch", 2, 50);
  send("down", "touch", 3, 90);
  send("move", "touch", 3, 100);
  expect(done()).toEqual(["begin", "cancel", "pan", "zoom"]);
  send("up", "touch", 2, 50);
  send("up", "touch", 3, 100);
  send("down", "pen", 1, 10);
  send("up", "pen", 1, 10);
  send("down", "touch", 4, 10);
  send("move", "touch", 4, 20);
  expect(done()).toEqual(["begin", "end", "pan"]);
});

test("two fingers that tap together undo, three redo; fingers that move or rest do not tap", () => {
  const taps = (): readonly Gesture[] => pointer.take().filter(({ kind }) => kind === "tap");
  const down = (...fingers: number[]): void => fingers.forEach((id) => send("down", "touch", id, 20 * id));
  const up = (...fingers: number[]): void => fingers.forEach((id) => send("up", "touch", id, 20 * id));
  down(2, 3);
  up(3, 2);
  expect(taps()).toEqual([{ kind: "tap", fingers: 2 }]);
  down(2, 3, 4);
  up(2, 4, 3);
  expect(taps()).toEqual([{ kind: "tap", fingers: 3 }]);
  down(2);
  up(2);
  down(2, 3);
  send("move", "touch", 3, 90);
  up(3, 2);
  expect(taps()).toEqual([]);
});

test("two fingers twist the view, once they mean it", () => {
  send("down", "touch", 2, 0);
  send("down", "touch", 3, 100);
  send("move", "touch", 3, 100, { clientY: 18 });
  expect(done()).not.toContain("turn");
  for (const clientY of [30, 40, 60]) send("move", "touch", 3, 100, { clientY });
  const turns = pointer.take().flatMap((gesture) => (gesture.kind === "turn" ? [gesture.by] : []));
  expect(turns.reduce((sum, by) => sum + by, 0)).toBeGreaterThan(0.2);
});

test("a finger that rests where it came down picks; a pen that rests later in its stroke rests", () => {
  vi.useFakeTimers();
  send("down", "touch", 2, 50);
  vi.advanceTimersByTime(600);
  send("up", "touch", 2, 50);
  expect(done()).toEqual(["begin", "cancel", "pick"]);
  send("down", "pen", 1, 50);
  send("move", "pen", 1, 90);
  vi.advanceTimersByTime(600);
  send("up", "pen", 1, 90);
  expect(done()).toEqual(["begin", "draw", "rest", "end"]);
});

test("a turned pen erases, a leaning one says where to, Shift and Alt go along", () => {
  send("down", "pen", 1, 50, { buttons: 32, tiltX: 60, shiftKey: true });
  const [begun] = pointer.take().filter(({ kind }) => kind === "begin");
  expect(begun).toMatchObject({ erases: true, shift: true, alt: false, pressure: 0.5, tilt: { angle: 0, lean: 1 } });
});

test("with the hand, Shift turns the view about its middle", () => {
  pointer.isPanning = true;
  send("down", "mouse", 1, 100, { clientY: 0, shiftKey: true });
  send("move", "mouse", 1, 200, { clientY: 100, shiftKey: true });
  const [turn] = pointer.take().filter(({ kind }) => kind === "turn");
  expect(turn).toMatchObject({ by: expect.closeTo(Math.PI / 2) as number, at: null });
});

test("all events that were coalesced are drawn", () => {
  send("down", "pen", 1, 10);
  const part = (clientX: number) => ({ pointerType: "pen", clientX, clientY: 10, pressure: 0.5, tiltX: 0, tiltY: 0, buttons: 1 });
  send("move", "pen", 1, 40, { getCoalescedEvents: () => [20, 30, 40].map(part) });
  expect(done()).toEqual(["begin", "draw", "draw", "draw"]);
});
