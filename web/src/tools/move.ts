/** Move, stretch and turn what is painted; one step from the first drag or arrow key to Enter. */

import { about, type Affine, after, IDENTITY, inverse, isIdentity, map, shift, stretch, turn } from "../canvas/affine";
import { type Cover, rectangle } from "../canvas/cover";
import type { Guide } from "../canvas/guides";
import type { MaskCanvas } from "../canvas/mask";
import { type Rect, union } from "../canvas/rect";
import { resampled } from "../canvas/resample";
import type { Sample } from "../canvas/stamp";
import type { Point } from "../canvas/view";
import type { Work } from "../canvas/work";
import { Pace } from "./pace";
import { distance } from "./path";
import type { Held, Paper, Tool } from "./tool";

/** How near to a handle a pen takes it, and how far above the box the one that turns it stands; CSS pixels. */
const GRIP_PX = 14;
const TURN_PX = 30;
/** Of a small box, at most this share of its shorter side: its middle is for moving it. */
const GRIP_SHARE = 0.3;
const SNAP = Math.PI / 12;

interface Piece {
  readonly mask: MaskCanvas;
  readonly source: Cover;
}

interface Session {
  readonly work: Work;
  readonly pieces: readonly Piece[];
  readonly box: Rect;
  affine: Affine;
  isShown: boolean;
}

/** A grip at a share of the box: (0, 0) is its left upper corner, one half its middle. */
interface Grip {
  readonly kind: "stretch" | "turn";
  readonly x: number;
  readonly y: number;
}

interface Drag {
  readonly grip: Grip | null;
  readonly from: Point;
  readonly base: Affine;
}

const SHARES = [0, 0.5, 1] as const;
const GRIPS: readonly Grip[] = SHARES.flatMap((x) => SHARES.map((y): Grip => ({ kind: "stretch", x, y }))).filter(({ x, y }) => x !== 0.5 || y !== 0.5);

export class Move implements Tool {
  readonly #paper: Paper;
  /** What would be moved now; for the box that is shown before anything is. */
  readonly #painted: () => readonly MaskCanvas[];
  readonly #pace = new Pace();
  #session: Session | null = null;
  #drag: Drag | null = null;

  constructor(paper: Paper, painted: () => readonly MaskCanvas[]) {
    this.#paper = paper;
    this.#painted = painted;
  }

  get isBusy(): boolean {
    return this.#session !== null;
  }

  begin(at: Sample): void {
    const session = this.#open();
    if (session) this.#drag = { grip: this.#gripAt(session, at), from: at, base: session.affine };
  }

  move(at: Sample, held: Held): void {
    if (this.#session && this.#drag) this.#place(this.#session, dragged(this.#session.box, this.#drag, at, held));
  }

  /** A tap that moved nothing begins nothing. */
  end(): void {
    this.#drag = null;
    if (this.#session && isIdentity(this.#session.affine)) this.cancel();
  }

  nudge(by: Point): void {
    const session = this.#open();
    if (session) this.#place(session, after(shift(by.x, by.y), session.affine));
  }

  show(): boolean {
    if (!this.#session || this.#session.isShown) return false;
    if (!this.#pace.isDue) return true;
    this.#pace.run(() => this.#draw());
    return false;
  }

  #draw(): void {
    const session = this.#session;
    if (!session || session.isShown) return;
    session.isShown = true;
    session.work.restore();
    for (const { mask, source } of session.pieces) {
      const cover = resampled(source, session.affine, mask.bounds);
      session.work.change(source.rect, () => 0, [mask]);
      if (cover) session.work.change(cover.rect, (_, index) => cover.alpha[index] as number, [mask]);
    }
  }

  finish(): void {
    this.#draw();
    const session = this.#session;
    [this.#session, this.#drag] = [null, null];
    if (session) this.#paper.commit("did.move", session.work, wholeShift(session.affine));
  }

  cancel(): void {
    this.#session?.work.restore();
    [this.#session, this.#drag] = [null, null];
  }

  guides(): readonly Guide[] {
    const box = this.#session?.box ?? boxOf(this.#painted());
    if (!box) return [];
    const affine = this.#session?.affine ?? IDENTITY;
    const outline: Guide = { kind: "line", points: cornersOf(box).map((corner) => map(affine, corner)), isClosed: true };
    const handles = [...GRIPS, TURN].map((grip): Guide => ({ kind: "handle", points: [this.#placeOf(grip, box, affine)] }));
    const stem: Guide = { kind: "line", points: [this.#placeOf({ kind: "stretch", x: 0.5, y: 0 }, box, affine), this.#placeOf(TURN, box, affine)] };
    return [outline, stem, ...handles];
  }

  #open(): Session | null {
    if (this.#session) return this.#session;
    const work = this.#paper.work();
    const box = work && boxOf(work.masks);
    if (!box) return null;
    const pieces = work.masks.flatMap((mask): Piece[] => {
      const rect = mask.paintedRect;
      return rect ? [{ mask, source: { rect, alpha: mask.copy(rect) } }] : [];
    });
    return (this.#session = { work, pieces, box, affine: IDENTITY, isShown: true });
  }

  #place(session: Session, affine: Affine): void {
    session.affine = affine;
    session.isShown = false;
  }

  #gripAt({ box, affine }: Session, at: Point): Grip | null {
    const near = [...GRIPS, TURN].map((grip) => ({ grip, way: distance(this.#placeOf(grip, box, affine), at) * this.#paper.scale }));
    const [nearest] = near.toSorted((a, b) => a.way - b.way);
    const [corner, across, below] = cornersOf(box).map((place) => map(affine, place)) as [Point, Point, Point, Point];
    const side_px = Math.min(distance(corner, across), distance(across, below)) * this.#paper.scale;
    return nearest && nearest.way < Math.min(GRIP_PX, GRIP_SHARE * side_px) ? nearest.grip : null;
  }

  #placeOf(grip: Grip, box: Rect, affine: Affine): Point {
    const at = map(affine, pointIn(box, grip));
    if (grip.kind === "stretch") return at;
    const middle = map(affine, pointIn(box, { x: 0.5, y: 0.5 }));
    const way = Math.max(1e-6, distance(middle, at));
    const further = TURN_PX / this.#paper.scale / way;
    return { x: at.x + (at.x - middle.x) * further, y: at.y + (at.y - middle.y) * further };
  }
}

const TURN: Grip = { kind: "turn", x: 0.5, y: 0 };

function boxOf(masks: readonly MaskCanvas[]): Rect | null {
  return masks.reduce<Rect | null>((box, mask) => union(box, mask.paintedRect), null);
}

function cornersOf({ x, y, width, height }: Rect): Point[] {
  return rectangle({ x, y }, { x: x + width, y: y + height });
}

function pointIn({ x, y, width, height }: Rect, share: Point): Point {
  return { x: x + share.x * width, y: y + share.y * height };
}

/** By how much, where nothing but that was done. */
function wholeShift({ a, b, c, d, e, f }: Affine): Point | undefined {
  const isShift = a === 1 && b === 0 && c === 0 && d === 1;
  return isShift && Number.isInteger(e) && Number.isInteger(f) ? { x: e, y: f } : undefined;
}

/** Where a drag leads. */
export function dragged(box: Rect, { grip, from, base }: Drag, to: Point, held: Held): Affine {
  if (!grip) return after(shift(...wayOf(from, to, base, held)), base);
  return grip.kind === "turn" ? turned(box, from, to, base, held) : stretched(box, grip, to, base, held);
}

/** Whole pixels, so that what is only moved stays sharp; Shift keeps to one direction. */
function wayOf(from: Point, to: Point, base: Affine, { shift: isStraight }: Held): [number, number] {
  let [x, y] = [to.x - from.x, to.y - from.y];
  if (isStraight) [x, y] = Math.abs(x) > Math.abs(y) ? [x, 0] : [0, y];
  const isWhole = base.a === 1 && base.b === 0 && base.c === 0 && base.d === 1;
  return isWhole ? [Math.round(x), Math.round(y)] : [x, y];
}

/** Shift turns in steps. */
function turned(box: Rect, from: Point, to: Point, base: Affine, { shift: isStepped }: Held): Affine {
  const middle = map(base, pointIn(box, { x: 0.5, y: 0.5 }));
  const angle = Math.atan2(to.y - middle.y, to.x - middle.x) - Math.atan2(from.y - middle.y, from.x - middle.x);
  return after(about(middle, turn(isStepped ? Math.round(angle / SNAP) * SNAP : angle)), base);
}

/** Away from the grip across; Shift keeps the proportions, Alt the middle. */
function stretched(box: Rect, grip: Grip, to: Point, base: Affine, { shift: isEven, alt: isCentred }: Held): Affine {
  const still = isCentred ? { x: 0.5, y: 0.5 } : { x: 1 - grip.x, y: 1 - grip.y };
  const [anchor, start, now] = [pointIn(box, still), pointIn(box, grip), map(inverse(base), to)];
  let x = factor(now.x - anchor.x, start.x - anchor.x, box.width);
  let y = factor(now.y - anchor.y, start.y - anchor.y, box.height);
  if (isEven) {
    const both = grip.x === 0.5 ? y : grip.y === 0.5 ? x : Math.abs(x) > Math.abs(y) ? x : y;
    [x, y] = [Math.abs(both) * Math.sign(x), Math.abs(both) * Math.sign(y)];
  }
  return after(base, about(anchor, stretch(x, y)));
}

/** Never so small that nothing of it is left: one pixel at least. */
function factor(now: number, start: number, side: number): number {
  if (start === 0) return 1;
  const wanted = now / start;
  return Math.abs(wanted) < 1 / side ? Math.sign(wanted || 1) / side : wanted;
}
