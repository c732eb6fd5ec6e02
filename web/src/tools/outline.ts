/** Areas by their outline: the lasso follows the pen, the polygon goes from tap to tap. */

import type { Guide } from "../canvas/guides";
import type { Sample, Tip } from "../canvas/stamp";
import type { Point } from "../canvas/view";
import type { Work } from "../canvas/work";
import { fillOutline } from "./drag";
import { distance, straightened } from "./path";
import type { Held, Paper, Tool } from "./tool";

interface Outline {
  readonly work: Work;
  readonly tip: Tip;
  readonly points: Point[];
}

const SPACING_PX = 1.5;

export class Lasso implements Tool {
  readonly #paper: Paper;
  #outline: Outline | null = null;

  constructor(paper: Paper) {
    this.#paper = paper;
  }

  get isBusy(): boolean {
    return this.#outline !== null;
  }

  begin(at: Sample, held: Held): void {
    const work = this.#paper.work();
    if (work) this.#outline = { work, tip: this.#paper.tip(held), points: [at] };
  }

  /** Shift draws the outline on as a straight line. */
  move(at: Sample, { shift }: Held): void {
    const points = this.#outline?.points;
    const last = points?.at(shift && points.length > 1 ? -2 : -1);
    if (!points || !last || distance(last, at) * this.#paper.scale < SPACING_PX) return;
    if (shift && points.length > 1) points[points.length - 1] = at;
    else points.push(at);
  }

  end(): void {
    const outline = this.#outline;
    this.#outline = null;
    if (!outline) return;
    fillOutline(outline.work, outline.tip, outline.points, this.#paper);
    this.#paper.commit("did.lasso", outline.work);
  }

  finish(): void {
    this.end();
  }

  cancel(): void {
    this.#outline = null;
  }

  guides(): readonly Guide[] {
    return this.#outline ? [{ kind: "line", points: this.#outline.points, isClosed: true }] : [];
  }
}

/** How near to the first corner a tap closes the polygon, and within which two taps are a double one; CSS pixels. */
const CLOSING_PX = 12;

export class Polygon implements Tool {
  readonly #paper: Paper;
  #outline: Outline | null = null;
  #next: Point | null = null;

  constructor(paper: Paper) {
    this.#paper = paper;
  }

  get isBusy(): boolean {
    return this.#outline !== null;
  }

  begin(at: Sample, held: Held): void {
    const work = this.#outline ? null : this.#paper.work();
    if (work) this.#outline = { work, tip: this.#paper.tip(held), points: [] };
    this.#point(at, held);
  }

  move(at: Sample, held: Held): void {
    this.#point(at, held);
  }

  /** A corner where the pen is lifted; on the first one or on the last one, the end. */
  end(): void {
    const [points, next] = [this.#outline?.points, this.#next];
    if (!points || !next) return;
    const isAt = (corner: Point | undefined): boolean => corner !== undefined && distance(corner, next) * this.#paper.scale < CLOSING_PX;
    if (points.length > 2 && (isAt(points[0]) || isAt(points.at(-1)))) return this.finish();
    if (!isAt(points.at(-1))) points.push(next);
  }

  hover(at: Point): void {
    if (this.#outline) this.#next = at;
  }

  finish(): void {
    const outline = this.#outline;
    [this.#outline, this.#next] = [null, null];
    if (!outline || outline.points.length < 3) return;
    fillOutline(outline.work, outline.tip, outline.points, this.#paper);
    this.#paper.commit("did.shape", outline.work);
  }

  cancel(): void {
    [this.#outline, this.#next] = [null, null];
  }

  guides(): readonly Guide[] {
    if (!this.#outline) return [];
    const { points } = this.#outline;
    const line: Guide = { kind: "line", points: this.#next ? [...points, this.#next] : points };
    return [line, ...points.slice(0, 1).map((point): Guide => ({ kind: "handle", points: [point] }))];
  }

  #point(at: Sample, { shift }: Held): void {
    const last = this.#outline?.points.at(-1);
    this.#next = shift && last ? straightened(last, at) : at;
  }
}
