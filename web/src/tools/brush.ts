/** Brush and eraser: a stroke follows the pen; Shift keeps it straight; a pen held still at the end makes a figure of it. */

import { ellipse } from "../canvas/cover";
import type { Guide } from "../canvas/guides";
import { mapSample, type Sample, type Tip } from "../canvas/stamp";
import type { Work } from "../canvas/work";
import { between, Curve, distance, figureOf, Steady, straightened } from "./path";
import type { Held, Paper, Tool } from "./tool";

export interface BrushSettings {
  /** How long the string is on which the brush hangs behind the pen, in CSS pixels. */
  readonly string_px: number;
  readonly makesFigures: boolean;
}

/** Pieces are no shorter than this share of the tip: a wide tip does not paint the same pixels over and over. */
const SPACING = 0.06;
const LEAST_FIGURE_PX = 30;

interface Stroke {
  readonly work: Work;
  readonly tip: Tip;
  readonly steady: Steady;
  readonly curve: Curve;
  readonly pens: Sample[];
  /** Where the last piece ended. */
  last: Sample | null;
  /** The end of the last stroke, where Shift was held from the start: the line begins there. */
  readonly anchor: Sample | null;
  /** A straight line, because Shift was held or the pen rested. */
  isLine: boolean;
  isFigure: boolean;
}

export class Brush implements Tool {
  readonly #paper: Paper;
  readonly #settings: () => BrushSettings;
  #stroke: Stroke | null = null;
  #last: Sample | null = null;

  constructor(paper: Paper, settings: () => BrushSettings) {
    this.#paper = paper;
    this.#settings = settings;
  }

  get isBusy(): boolean {
    return this.#stroke !== null;
  }

  begin(at: Sample, held: Held): void {
    const work = this.#paper.work();
    if (!work) return;
    const steady = new Steady(this.#settings().string_px / this.#paper.scale);
    const anchor = held.shift ? this.#last : null;
    this.#stroke = { work, tip: this.#paper.tip(held), steady, curve: new Curve(), pens: [], anchor, last: null, isLine: false, isFigure: false };
    this.#follow(this.#stroke, at);
    if (anchor) this.#drawLine(this.#stroke, anchor, at);
  }

  move(at: Sample, held: Held): void {
    const stroke = this.#stroke;
    if (!stroke || stroke.isFigure) return;
    const first = stroke.pens[0];
    if (stroke.anchor) return this.#drawLine(stroke, stroke.anchor, at);
    if (first && (stroke.isLine || held.shift)) return this.#drawLine(stroke, first, held.shift ? straightened(first, at) : at);
    this.#follow(stroke, at);
  }

  end(): void {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (!stroke) return;
    if (!stroke.isLine && !stroke.isFigure) this.#reach(stroke, [...stroke.curve.finish(), ...stroke.pens.slice(-1)], true);
    this.#last = stroke.pens.at(-1) ?? null;
    this.#paper.commit(stroke.tip.erases ? "did.erase" : "did.stroke", stroke.work);
  }

  /** A stroke that is held at its end becomes what it looks like. */
  rest(): void {
    const stroke = this.#stroke;
    if (!stroke || !this.#settings().makesFigures || stroke.isLine) return;
    const [first, last] = [stroke.pens[0], stroke.pens.at(-1)];
    const figure = figureOf(stroke.pens, LEAST_FIGURE_PX / this.#paper.scale);
    if (!figure || !first || !last) return;
    if (figure.kind === "line") return this.#drawLine(stroke, first, last);
    const round = ellipse(figure.a, figure.b).map((point): Sample => ({ ...point, pressure: averageOf(stroke.pens) }));
    stroke.isFigure = true;
    this.#redraw(stroke, [...round, round[0] as Sample]);
  }

  finish(): void {
    this.end();
  }

  cancel(): void {
    this.#stroke?.work.restore();
    this.#stroke = null;
  }

  /** Another picture: lines from the last stroke start anew. */
  forget(): void {
    this.#last = null;
  }

  guides(): readonly Guide[] {
    return [];
  }

  #follow(stroke: Stroke, at: Sample): void {
    stroke.pens.push(at);
    const pulled = stroke.steady.pull(at);
    if (pulled) this.#reach(stroke, stroke.curve.add(pulled, spacingOf(stroke.tip)));
  }

  #drawLine(stroke: Stroke, from: Sample, to: Sample): void {
    stroke.isLine = true;
    stroke.pens.splice(1, stroke.pens.length, to);
    const pressure = averageOf(stroke.pens);
    this.#redraw(stroke, [{ ...from, pressure }, { ...to, pressure }]);
  }

  #redraw(stroke: Stroke, points: readonly Sample[]): void {
    stroke.work.restore();
    stroke.last = null;
    this.#reach(stroke, points, true);
  }

  /** Paint on to these points; those that lie closer than a piece is long wait, except the last of all. */
  #reach(stroke: Stroke, points: readonly Sample[], isAll = false): void {
    for (const point of points) {
      const from = stroke.last ?? point;
      const way = distance(from, point);
      const isLast = isAll && point === points.at(-1) && way > 0;
      if (stroke.last !== null && way < spacingOf(stroke.tip) && !isLast) continue;
      for (const copy of this.#paper.copies) piece(stroke, mapSample(copy, from), mapSample(copy, point));
      stroke.last = point;
    }
  }
}

/** One sweep where the tip goes to its level at once; dabs in a row where its flow adds up. */
function piece({ work, tip }: Stroke, from: Sample, to: Sample): void {
  if (tip.flow === 1) return work.stamp(tip, from, to);
  const count = Math.max(1, Math.round(distance(from, to) / spacingOf(tip)));
  for (let dab = 1; dab <= count; dab++) work.stamp(tip, between(from, to, dab / count));
}

function spacingOf(tip: Tip): number {
  return Math.max(1, SPACING * tip.size_px);
}

function averageOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { pressure }) => sum + pressure, 0) / Math.max(1, samples.length);
}
