/** What lies over the picture: strokes as far as the picture does not show them yet, words, guides, the ring of the tip. */

import type { Guide } from "./canvas/guides";
import type { Ink } from "./canvas/overlay";
import { patternNameOf, patternOf, patternSide } from "./canvas/patterns";
import type { Label, Levels, Ring, Stage } from "./canvas/stage";
import { elongation, type Tilt, type Tip } from "./canvas/stamp";
import { axesOf } from "./canvas/symmetry";
import type { Point } from "./canvas/view";
import type { Viewport } from "./canvas/viewport";
import { COLORS } from "./document/colors";
import type { Facts, LayerFacts } from "./document/document";
import { settings } from "./settings.svelte";
import type { Studio } from "./studio.svelte";

const ERASER_COLOR = "#ffffff";
const DIMMED = 0.12;

/** The pen over the canvas, on the screen. */
export interface Cursor {
  readonly at: Point;
  readonly tilt: Tilt | undefined;
}

/** What the easel knows and the store does not. */
export interface InHand {
  readonly isDrawing: boolean;
  readonly guides: readonly Guide[];
  /** Where a ring shows what would touch; null where none is to be seen. */
  readonly cursor: Cursor | null;
  readonly tip: Tip;
}

export class Showing {
  readonly #studio: Studio;
  readonly #stage: Stage;
  readonly #viewport: Viewport;

  constructor(studio: Studio, stage: Stage, viewport: Viewport) {
    this.#studio = studio;
    this.#stage = stage;
    this.#viewport = viewport;
  }

  draw(facts: Facts, hand: InHand): void {
    const studio = this.#studio;
    const seen = facts.layers.filter((layer) => layer.visible);
    const chosen = studio.layer(studio.hovered ?? studio.selected);
    const levels = this.#levels(hand.isDrawing);
    this.#stage.setInks(seen.map((layer) => this.#ink(layer)), chosen ? [this.#ink(chosen)] : [], facts.extent);
    this.#stage.setLevels(levels);
    this.#stage.setLabels(this.#labels(levels.all > 0 ? seen : levels.active > 0 && chosen ? [chosen] : []));
    this.#stage.drawMasks(studio.masks.values());
    this.#stage.setGuides([...axes(facts), ...hand.guides], (point) => this.#viewport.toScreen(point));
    this.#stage.setRing(hand.cursor && this.#ring(hand.cursor, hand.tip));
  }

  #ink({ brush: { id, color } }: LayerFacts): Ink {
    const mask = this.#studio.masks.get(id);
    if (!mask) throw new Error(`no mask of brush ${id}`);
    if (!settings.hasPatterns) return { mask, color };
    return { mask, color, pattern: patternOf(patternNameOf(color, COLORS), patternSide(mask.width, mask.height)) };
  }

  /** Strokes are seen until the picture shows them; then they fade, so that the picture is what one looks at. */
  #levels(isDrawing: boolean): Levels {
    const { peek, hasPicture, isCurrent, isPictureComing, hovered, selected } = this.#studio;
    const opacity = settings.overlayOpacity;
    if (peek === "masks") return { picture: DIMMED, all: 1, active: 0 };
    if (peek === "result") return { picture: 1, all: 0, active: 0 };
    if (hovered !== null) return { picture: 1, all: 0, active: Math.max(opacity, 0.5) };
    if (isCurrent && !isDrawing) return { picture: 1, all: 0, active: 0 };
    const showsOne = hasPicture && isPictureComing && selected !== null;
    return showsOne ? { picture: 1, all: 0, active: opacity } : { picture: 1, all: opacity, active: 0 };
  }

  /** Words in the middle of what they name, where they are wanted or nothing but masks is seen. */
  #labels(layers: readonly LayerFacts[]): readonly Label[] {
    if (!settings.hasLabels && this.#studio.peek !== "masks") return [];
    return layers.flatMap(({ brush: { id, prompt, color } }) => {
      const rect = this.#studio.masks.get(id)?.paintedRect;
      const middle = rect && { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
      return middle && prompt ? [{ text: prompt, color, at: this.#viewport.toScreen(middle) }] : [];
    });
  }

  #ring({ at, tilt }: Cursor, tip: Tip): Ring {
    const color = tip.erases ? ERASER_COLOR : (this.#studio.layer(this.#studio.selected)?.brush.color ?? ERASER_COLOR);
    const long = elongation(tip, { x: 0, y: 0, pressure: 1, tilt });
    const { softness, erases, size_px } = tip;
    return { at, diameter: size_px * this.#viewport.scale, elongation: long, angle: tilt?.angle ?? 0, color, softness, erases };
  }
}

function axes({ extent: [width, height] }: Facts): readonly Guide[] {
  return axesOf(settings.symmetry, width, height).map((points): Guide => ({ kind: "axis", points }));
}
