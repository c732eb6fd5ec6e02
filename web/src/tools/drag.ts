/** Tools that one drag from corner to corner works: what differs between them is how they draw. */

import { type Affine, map } from "../canvas/affine";
import { type Cover, ellipse, linearRamp, polygonCover, radialRamp, rectangle } from "../canvas/cover";
import type { Guide } from "../canvas/guides";
import { mapSample, type Sample, type Tip } from "../canvas/stamp";
import type { Point } from "../canvas/view";
import type { Work } from "../canvas/work";
import type { WordKey } from "../words";
import { Pace } from "./pace";
import { straightened } from "./path";
import type { Held, Paper, Tool } from "./tool";

export interface Span {
  readonly from: Sample;
  readonly to: Sample;
}

export interface Drawing {
  readonly label: WordKey;
  /** Where a drag from here to there leads, with these keys held. */
  readonly span: (from: Sample, to: Sample, held: Held) => Span;
  readonly draw: (work: Work, tip: Tip, span: Span, paper: Paper) => void;
  readonly guides?: (span: Span) => readonly Guide[];
}

interface Drag {
  readonly work: Work;
  readonly tip: Tip;
  readonly start: Sample;
  span: Span;
  isDrawn: boolean;
}

export class DragTool implements Tool {
  readonly #paper: Paper;
  readonly #drawing: Drawing;
  readonly #pace = new Pace();
  #drag: Drag | null = null;

  constructor(paper: Paper, drawing: Drawing) {
    this.#paper = paper;
    this.#drawing = drawing;
  }

  get isBusy(): boolean {
    return this.#drag !== null;
  }

  begin(at: Sample, held: Held): void {
    const work = this.#paper.work();
    if (work) this.#drag = { work, tip: this.#paper.tip(held), start: at, span: { from: at, to: at }, isDrawn: true };
  }

  move(at: Sample, held: Held): void {
    const drag = this.#drag;
    if (!drag) return;
    drag.span = this.#drawing.span(drag.start, at, held);
    drag.isDrawn = false;
  }

  show(): boolean {
    if (!this.#drag || this.#drag.isDrawn) return false;
    if (!this.#pace.isDue) return true;
    this.#pace.run(() => this.#draw());
    return false;
  }

  #draw(): void {
    const drag = this.#drag;
    if (!drag || drag.isDrawn) return;
    drag.isDrawn = true;
    drag.work.restore();
    this.#drawing.draw(drag.work, drag.tip, drag.span, this.#paper);
  }

  end(): void {
    this.#draw();
    const drag = this.#drag;
    this.#drag = null;
    if (drag) this.#paper.commit(this.#drawing.label, drag.work);
  }

  finish(): void {
    this.end();
  }

  cancel(): void {
    this.#drag?.work.restore();
    this.#drag = null;
  }

  guides(): readonly Guide[] {
    return this.#drag ? (this.#drawing.guides?.(this.#drag.span) ?? []) : [];
  }
}

// ---- how spans follow the keys ----
function lineSpan(from: Sample, to: Sample, { shift }: Held): Span {
  return { from, to: shift ? straightened(from, to) : to };
}

/** Shift makes both sides equal, Alt grows from the middle. */
function boxSpan(from: Sample, to: Sample, { shift, alt }: Held): Span {
  let [dx, dy] = [to.x - from.x, to.y - from.y];
  if (shift) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    [dx, dy] = [side * (dx < 0 ? -1 : 1), side * (dy < 0 ? -1 : 1)];
  }
  const start = alt ? { ...from, x: from.x - dx, y: from.y - dy } : from;
  return { from: start, to: { ...to, x: from.x + dx, y: from.y + dy } };
}

// ---- how they draw ----
export function fillOutline(work: Work, { opacity, erases }: Tip, points: readonly Point[], { copies, width, height }: Paper): void {
  for (const copy of copies) {
    const cover = polygonCover(points.map((point) => map(copy, point)), { x: 0, y: 0, width, height });
    if (cover) work.fill(cover, opacity, erases);
  }
}

function drawLine(work: Work, tip: Tip, { from, to }: Span, { copies }: Paper): void {
  const flat = { ...tip, flow: 1 };
  for (const copy of copies) work.stamp(flat, mapSample(copy, from), mapSample(copy, to));
}

type Ramp = (from: Point, to: Point, rect: Cover["rect"]) => Cover;

function drawRamp(ramp: Ramp) {
  return (work: Work, { opacity, erases }: Tip, { from, to }: Span, { copies, width, height }: Paper): void => {
    const rect = { x: 0, y: 0, width, height };
    const end = (copy: Affine, point: Point): Point => map(copy, point);
    for (const copy of copies) work.fill(ramp(end(copy, from), end(copy, to), rect), opacity, erases);
  };
}

function rampGuides({ from, to }: Span): readonly Guide[] {
  return [{ kind: "line", points: [from, to] }, { kind: "handle", points: [from] }, { kind: "handle", points: [to] }];
}

export const LINE: Drawing = { label: "did.line", span: lineSpan, draw: drawLine };
export const RECTANGLE: Drawing = {
  label: "did.shape", span: boxSpan, draw: (work, tip, { from, to }, paper) => fillOutline(work, tip, rectangle(from, to), paper),
};
export const ELLIPSE: Drawing = {
  label: "did.shape", span: boxSpan, draw: (work, tip, { from, to }, paper) => fillOutline(work, tip, ellipse(from, to), paper),
};
export function gradient(isRadial: () => boolean): Drawing {
  const [linear, radial] = [drawRamp(linearRamp), drawRamp(radialRamp)];
  return {
    label: "did.gradient", span: lineSpan, guides: rampGuides,
    draw: (work, tip, span, paper) => (isRadial() ? radial : linear)(work, tip, span, paper),
  };
}
