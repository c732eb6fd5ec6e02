/** Gestures to strokes and views, once per animation frame; the only loop of the page, asleep while nothing happens. */

import { assertNever } from "./assert";
import { type Gesture, Pointer } from "./canvas/pointer";
import { type Levels, Stage, type StageElements } from "./canvas/stage";
import type { Sample, Tip } from "./canvas/stamp";
import { Stroke } from "./canvas/stroke";
import type { Insets, Point, View } from "./canvas/view";
import { Viewport } from "./canvas/viewport";
import { unlocked } from "./locks";
import { notices } from "./notices.svelte";
import { resizeTip, settings, softenTip, type Tool } from "./settings.svelte";
import type { Studio } from "./studio.svelte";
import type { Facts } from "./document/document";

const ERASER_COLOR = "#ffffff";
const DIMMED = 0.12;
const ECHOES_KEPT = 500;
const HIDDEN_TICK_MS = 100;
/** Pixels of a drag that change the softness from none to full. */
const SOFTNESS_TRAVEL_PX = 200;

export class Easel {
  readonly pointer: Pointer;
  /** How long strokes waited to be seen, newest last. */
  readonly echo_ms: number[] = [];
  readonly #studio: Studio;
  readonly viewport: Viewport;
  readonly #stage: Stage;
  #openings = -1;
  #stroke: Stroke | null = null;
  #lastPoint: Sample | null = null;
  #cursor: Point | null = null;
  #isTicking = false;

  constructor(studio: Studio, desk: HTMLElement, elements: StageElements, insets: () => Insets) {
    this.#studio = studio;
    this.#stage = new Stage(elements);
    this.viewport = new Viewport(desk, insets, (view) => this.#viewChanged(view));
    this.pointer = new Pointer(desk, () => this.mark());
    studio.mark = () => this.mark();
    studio.finishStroke = () => this.#finish();
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    window.addEventListener("pagehide", () => this.#leave());
    this.mark();
  }

  get isDrawing(): boolean {
    return this.#stroke !== null;
  }

  /** Nothing waits for the next tick. */
  get isIdle(): boolean {
    return this.#stroke === null && this.pointer.isEmpty;
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
    this.#stroke?.cancel();
    this.#stroke = null;
    this.mark();
  }

  #tick(now_ms: number): void {
    this.#isTicking = false;
    const { facts } = this.#studio;
    if (facts && this.#openings !== this.#studio.openings) this.#opened(facts);
    const gestures = this.#followAll();
    this.#showShot();
    if (this.#studio.facts) this.#draw(this.#studio.facts);
    this.#recordEcho(gestures);
    if (this.#studio.session.tick(now_ms)) this.mark();
    this.#studio.isCurrent = this.#studio.compare();
  }

  #followAll(): readonly Gesture[] {
    const gestures = this.pointer.take();
    for (const gesture of gestures) this.#follow(gesture);
    return gestures;
  }

  /** What the pen did before this moment belongs to the document as it is before what comes now. */
  #finish(): void {
    this.#followAll();
    this.#end();
  }

  /** The page may be gone in a moment, with a stroke in hand. */
  #leave(): void {
    this.#finish();
    this.#studio.autosave.flushLast();
  }

  /** From the first move that waited to its stroke on the screen. */
  #recordEcho(gestures: readonly Gesture[]): void {
    const drawn = gestures.find((gesture) => gesture.kind === "draw");
    if (!drawn) return;
    this.echo_ms.push(performance.now() - drawn.event_ms);
    this.echo_ms.splice(0, this.echo_ms.length - ECHOES_KEPT);
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
    this.#lastPoint = null;
    this.viewport.open(facts.extent);
  }

  #viewChanged(view: View): void {
    const { facts } = this.#studio;
    if (facts) this.#stage.setView(view, facts.extent);
    this.#studio.zoom = view.scale;
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
    const studio = this.#studio;
    const inks = facts.layers.filter((layer) => layer.visible).map(({ brush }) => this.#ink(brush.id, brush.color));
    const chosen = studio.layer(studio.hovered ?? studio.selected);
    this.#stage.setInks(inks, chosen ? [this.#ink(chosen.brush.id, chosen.brush.color)] : [], facts.extent);
    this.#stage.setLevels(this.#levels());
    this.#stage.drawMasks(studio.masks.values());
    this.#drawRing();
  }

  #ink(brushId: string, color: string) {
    const mask = this.#studio.masks.get(brushId);
    if (!mask) throw new Error(`no mask of brush ${brushId}`);
    return { mask, color };
  }

  /** Strokes are seen until the picture shows them; then they fade, so that the picture is what one looks at. */
  #levels(): Levels {
    const { peek, hasPicture, isCurrent, isPictureComing, hovered, selected } = this.#studio;
    const opacity = settings.overlayOpacity;
    if (peek === "masks") return { picture: DIMMED, all: 1, active: 0 };
    if (peek === "result") return { picture: 1, all: 0, active: 0 };
    if (hovered !== null) return { picture: 1, all: 0, active: Math.max(opacity, 0.5) };
    if (isCurrent && !this.#stroke) return { picture: 1, all: 0, active: 0 };
    const showsOne = hasPicture && isPictureComing && selected !== null;
    return showsOne ? { picture: 1, all: 0, active: opacity } : { picture: 1, all: opacity, active: 0 };
  }

  #drawRing(): void {
    const tip = this.#tip(false);
    const color = this.#studio.layer(this.#studio.selected)?.brush.color;
    const isSeen = this.#cursor !== null && !this.pointer.isPanning;
    const ink = tip.erases ? ERASER_COLOR : (color ?? ERASER_COLOR);
    const diameter = tip.size_px * this.viewport.scale;
    this.#stage.setRing(isSeen && this.#cursor ? { at: this.#cursor, diameter, color: ink, softness: tip.softness } : null);
  }

  #follow(gesture: Gesture): void {
    switch (gesture.kind) {
      case "hover": this.#cursor = gesture.at; return;
      case "begin": return this.#begin(gesture);
      case "draw": return this.#add(this.#sample(gesture.at, gesture.pressure));
      case "end": return this.#end();
      case "cancel": return this.cancelStroke();
      case "pick": return this.#pick(gesture.at);
      case "pan": return this.viewport.panBy(gesture.by);
      case "zoom": return this.viewport.zoomBy(gesture.factor, gesture.at);
      case "resize": return this.#resize(gesture.by);
      default: return assertNever(gesture);
    }
  }

  // ---- strokes ----
  #tool(erases: boolean): Tool {
    return erases || this.#studio.tool === "eraser" ? "eraser" : "brush";
  }

  /** To paint the background means to take regions away. */
  #tip(erases: boolean): Tip {
    const tool = this.#tool(erases);
    const { size, softness } = settings.tips[tool];
    return { size_px: size * this.#studio.side_px, softness, erases: tool === "eraser" || this.#studio.selected === null };
  }

  #sample(at: Point, pressure: number): Sample {
    return { ...this.viewport.toDocument(at), pressure };
  }

  #begin(gesture: Extract<Gesture, { kind: "begin" }>): void {
    const { selected, facts, masks } = this.#studio;
    if (!facts) return;
    const layer = this.#studio.layer(selected);
    if (facts.layers.length === 0) notices.tell("Add a brush first: it says what you paint (N)");
    const ids = unlocked(layer ? [layer] : facts.layers.filter((other) => other.visible)).map((other) => other.brush.id);
    if (layer && !layer.visible && ids.length > 0) this.#studio.edits.setVisible(layer.brush.id, true);
    this.#stroke = new Stroke(this.#tip(gesture.erases), new Map([...masks].filter(([id]) => ids.includes(id))));
    if (gesture.isStraight && this.#lastPoint) this.#stroke.add(this.#lastPoint);
    this.#add(this.#sample(gesture.at, gesture.pressure));
  }

  #add(sample: Sample): void {
    if (!this.#stroke) return;
    this.#stroke.add(sample);
    this.#lastPoint = sample;
  }

  #end(): void {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (stroke) this.#studio.recordStroke(stroke.tip.erases ? "eraser" : "stroke", stroke.finish());
  }

  /** Choose the topmost brush that is painted here. */
  #pick(at: Point): void {
    const { x, y } = this.viewport.toDocument(at);
    const { facts, masks } = this.#studio;
    const found = facts?.layers.findLast(({ brush, visible }) => {
      const mask = masks.get(brush.id);
      const isInside = mask && x >= 0 && y >= 0 && x < mask.width && y < mask.height;
      return isInside && visible && (mask.alpha[Math.floor(y) * mask.width + Math.floor(x)] ?? 0) > 127;
    });
    this.#studio.select(found?.brush.id ?? null);
  }

  #resize(by: Point): void {
    const tip = settings.tips[this.#tool(false)];
    resizeTip(tip, tip.size + by.x / this.viewport.scale / this.#studio.side_px);
    softenTip(tip, tip.softness - by.y / SOFTNESS_TRAVEL_PX);
  }
}
