/** Gestures to tools and views, once per animation frame; the only loop of the page, asleep while nothing happens. */

import { assertNever } from "./assert";
import { type Gesture, Pointer, type Touch } from "./canvas/pointer";
import { Stage, type StageElements } from "./canvas/stage";
import type { Sample, Tilt } from "./canvas/stamp";
import { topmostAt } from "./canvas/under";
import { angleInDocument, type Insets, type Point, type View } from "./canvas/view";
import { Viewport } from "./canvas/viewport";
import { Work } from "./canvas/work";
import type { Facts } from "./document/document";
import { resizeTip, softenTip, tipOf } from "./settings.svelte";
import { type Cursor, Showing } from "./showing";
import type { Studio } from "./studio.svelte";
import { type Kit, kitOf } from "./tools/kit";
import { hasRing, StudioPaper } from "./tools/paper";
import type { Tool, ToolName } from "./tools/tool";

const UPRIGHT_PEN = { pressure: 1, tilt: undefined, shift: false, alt: false, erases: false };
const ECHOES_KEPT = 500;
const HIDDEN_TICK_MS = 100;
/** Pixels of a drag that change the softness from none to full. */
const SOFTNESS_TRAVEL_PX = 200;

export class Easel {
  readonly pointer: Pointer;
  /** How long strokes waited to be seen, and how long the frames worked that drew them; newest last. */
  readonly echo_ms: number[] = [];
  readonly work_ms: number[] = [];
  readonly viewport: Viewport;
  readonly #studio: Studio;
  readonly #desk: HTMLElement;
  readonly #stage: Stage;
  readonly #showing: Showing;
  readonly #paper: StudioPaper;
  #kit: Kit;
  /** What the gestures go to, and the brush it works for; others take over when it is done. */
  #hand: { readonly tool: ToolName; readonly selected: string | null } = { tool: "brush", selected: null };
  #cursor: Cursor | null = null;
  #openings = -1;
  #hasTurned = false;
  /** The pen that keys move: whether it is what moved last, and whether it is down. */
  #keyPen: "away" | "up" | "down" = "away";
  #isTicking = false;

  constructor(studio: Studio, desk: HTMLElement, elements: StageElements, insets: () => Insets) {
    this.#studio = studio;
    this.#desk = desk;
    this.#stage = new Stage(elements);
    this.viewport = new Viewport(desk, insets, (view) => this.#viewChanged(view));
    this.#showing = new Showing(studio, this.#stage, this.viewport);
    this.pointer = new Pointer(desk, () => this.mark());
    this.#paper = new StudioPaper(studio, { scale: () => this.viewport.scale, pixels: () => this.pixels() });
    this.#kit = kitOf(this.#paper);
    studio.mark = () => this.mark();
    studio.finishStroke = () => this.finish();
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    window.addEventListener("pagehide", () => this.#leave());
    this.mark();
  }

  /** A stroke is under way, or a shape waits for its end. */
  get isDrawing(): boolean {
    return this.#tool.isBusy;
  }

  /** Nothing waits for the next tick. */
  get isIdle(): boolean {
    return !this.isDrawing && this.pointer.isEmpty;
  }

  /** Pixels looked at by tools and drawn on the overlay so far; for tests of what a stroke costs. */
  get effort(): { readonly touched_px: number; readonly drawn_px: number } {
    return { touched_px: Work.touched_px, drawn_px: this.#stage.drawn_px };
  }

  mark(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    if (document.hidden) setTimeout(() => this.#tick(performance.now()), HIDDEN_TICK_MS);
    else requestAnimationFrame((now_ms) => this.#tick(now_ms));
  }

  /** The pixels that are shown now; for tests and for saving while offline. */
  pixels(): ImageData | null {
    return this.#stage.pixels();
  }

  cancelStroke(): void {
    this.#tool.cancel();
    this.mark();
  }

  /** A step back from what is not finished yet is a step back to before it. */
  undo(): void {
    if (this.isDrawing) this.cancelStroke();
    else this.#studio.undo();
  }

  /** What the pen did before this moment belongs to the document as it is before what comes now. */
  finish(): void {
    this.#followAll();
    this.#tool.finish();
    this.mark();
  }

  /** An arrow key: it moves what the tool holds, or else the pen; CSS pixels of the screen, or pixels of the document. */
  nudge(by: Point): void {
    if (this.#tool.nudge) this.#tool.nudge(by);
    else this.#moveKeyPen(by);
    this.mark();
  }

  /** Enter: keys put their pen down or lift it; after anything else it ends what waits. */
  enter(): void {
    if (this.#keyPen === "away" || !this.#cursor) return this.finish();
    const at = this.#cursor.at;
    this.#follow(this.#keyPen === "down" ? { kind: "end" } : { kind: "begin", ...UPRIGHT_PEN, at });
    this.#keyPen = this.#keyPen === "down" ? "up" : "down";
    this.mark();
  }

  /** Show what is painted of the chosen brush as large as it fits. */
  fitChosen(): void {
    const rects = this.#paper.movable().flatMap((mask) => mask.paintedRect ?? []);
    const [rect] = rects;
    if (rect && rects.length === 1) this.viewport.fitArea(rect);
    else this.viewport.fit();
  }

  get #tool(): Tool {
    return this.#kit[this.#hand.tool];
  }

  #tick(now_ms: number): void {
    this.#isTicking = false;
    const started_ms = performance.now();
    const { facts } = this.#studio;
    if (facts && this.#openings !== this.#studio.openings) this.#opened(facts);
    const gestures = this.#followAll();
    this.#settle();
    this.#showShot();
    if (this.#studio.facts) this.#draw(this.#studio.facts);
    this.#recordEcho(gestures, started_ms);
    if (this.#studio.session.tick(now_ms)) this.mark();
    this.#studio.isCurrent = this.#studio.compare();
  }

  #followAll(): readonly Gesture[] {
    const gestures = this.pointer.take();
    this.#takeUp();
    for (const gesture of gestures) this.#follow(gesture);
    if (this.#tool.show?.()) this.mark();
    return gestures;
  }

  /** Another tool, or another brush: what waits is ended first. */
  #takeUp(): void {
    const { tool, selected } = this.#studio;
    if (tool === this.#hand.tool && selected === this.#hand.selected) return;
    this.#tool.finish();
    this.#hand = { tool, selected };
    this.#keyPen = "away";
  }

  /** A view that was let go of almost straight is straight. */
  #settle(): void {
    if (!this.#hasTurned || this.pointer.isNavigating) return;
    this.#hasTurned = false;
    this.viewport.settle();
  }

  /** The page may be gone in a moment, with a stroke in hand. */
  #leave(): void {
    this.finish();
    this.#studio.autosave.flushLast();
  }

  /** From the first move that waited to its stroke on the screen. */
  #recordEcho(gestures: readonly Gesture[], started_ms: number): void {
    const drawn = gestures.find((gesture) => gesture.kind === "draw");
    if (!drawn) return;
    this.echo_ms.push(performance.now() - drawn.event_ms);
    this.work_ms.push(performance.now() - started_ms);
    for (const kept of [this.echo_ms, this.work_ms]) kept.splice(0, kept.length - ECHOES_KEPT);
  }

  /** A hidden page gets no animation frames: it sends and shows what waits, and asks for no more pictures. */
  #visibilityChanged(): void {
    this.#studio.setLive(this.#studio.isLive);
    if (!document.hidden) this.#studio.session.retryNow();
    this.#tick(performance.now());
    if (document.hidden) void this.#studio.autosave.flush();
  }

  #opened(facts: Facts): void {
    this.#openings = this.#studio.openings;
    this.#kit = kitOf(this.#paper);
    this.viewport.open(facts.extent);
  }

  #viewChanged(view: View): void {
    const { facts } = this.#studio;
    if (facts) this.#stage.setView(view, facts.extent);
    this.#studio.zoom = view.scale;
    this.#studio.turned = { angle: view.angle, isMirrored: view.isMirrored };
    this.mark();
  }

  #showShot(): void {
    const shot = this.#studio.takeShot();
    if (!shot) return;
    this.#stage.showPicture(shot.bitmap);
    shot.bitmap.close();
    this.#studio.shown(shot.message);
  }

  #draw(facts: Facts): void {
    const hasCursor = hasRing(this.#hand.tool) && !this.pointer.isNavigating;
    this.#desk.style.cursor = this.pointer.isNavigating ? "grab" : "";
    this.#showing.draw(facts, {
      isDrawing: this.isDrawing,
      guides: this.#tool.guides(),
      cursor: hasCursor ? this.#cursor : null,
      tip: this.#paper.tip(UPRIGHT_PEN),
    });
  }

  #follow(gesture: Gesture): void {
    switch (gesture.kind) {
      case "hover": return this.#hover(gesture.at, gesture.tilt);
      case "begin": return this.#tool.begin(this.#sample(gesture), gesture);
      case "draw": return this.#tool.move(this.#sample(gesture), gesture);
      case "end": return this.#tool.end();
      case "cancel": return this.#tool.cancel();
      case "rest": return this.#tool.rest?.();
      case "pick": return this.#studio.select(this.#brushAt(gesture.at));
      case "tap": return this.#tap(gesture.fingers);
      case "pan": return this.viewport.panBy(gesture.by);
      case "zoom": return this.viewport.zoomBy(gesture.factor, gesture.at);
      case "turn": return this.#turn(gesture.by, gesture.at);
      case "resize": return this.#resize(gesture.by);
      default: return assertNever(gesture);
    }
  }

  #sample({ at, pressure, tilt }: Touch): Sample {
    const { view } = this.viewport;
    return { ...this.viewport.toDocument(at), pressure, tilt: tilt && { ...tilt, angle: angleInDocument(view, tilt.angle) } };
  }

  #hover(at: Point | null, tilt: Tilt | undefined): void {
    this.#cursor = at && { at, tilt };
    if (at) this.#keyPen = "away";
    if (at) this.#tool.hover?.(this.viewport.toDocument(at));
  }

  #tap(fingers: number): void {
    if (fingers === 2) this.undo();
    if (fingers === 3) this.#studio.redo();
    if (fingers === 4) this.#studio.isUiHidden = !this.#studio.isUiHidden;
  }

  #turn(by: number, at: Point | null): void {
    this.#hasTurned = true;
    this.viewport.turnBy(by, at ?? undefined);
  }

  #brushAt(at: Point): string | null {
    const { facts, masks } = this.#studio;
    return topmostAt(this.viewport.toDocument(at), facts?.layers ?? [], masks)?.brush.id ?? null;
  }

  #resize(by: Point): void {
    const tip = tipOf(this.#studio.tool);
    resizeTip(tip, tip.size + by.x / this.viewport.scale / this.#studio.side_px);
    softenTip(tip, tip.softness - by.y / SOFTNESS_TRAVEL_PX);
  }

  #moveKeyPen({ x, y }: Point): void {
    const [width, height] = [this.#desk.clientWidth, this.#desk.clientHeight];
    const { at } = this.#cursor ?? { at: { x: width / 2, y: height / 2 } };
    const isDown = this.#keyPen === "down";
    const moved = { x: Math.min(width, Math.max(0, at.x + x)), y: Math.min(height, Math.max(0, at.y + y)) };
    this.#hover(moved, undefined);
    this.#keyPen = isDown ? "down" : "up";
    if (isDown) this.#tool.move(this.#sample({ ...UPRIGHT_PEN, at: moved }), UPRIGHT_PEN);
  }
}
