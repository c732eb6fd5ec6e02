/** The page's store: the document with its history, the session with the server, and what the panels show of both. */

import { messageOf } from "./assert";
import type { MaskCanvas } from "./canvas/mask";
import type { Painted } from "./canvas/work";
import { Autosave, type SaveState } from "./document/autosave";
import { type Change, Document, type Facts, type LayerFacts } from "./document/document";
import { type Edit, History } from "./document/history";
import { fromScene, toScene } from "./document/scene";
import type { Aside } from "./document/shelf";
import { followed } from "./document/recipe";
import { Edits } from "./edits";
import { RegionEdits } from "./regionedits";
import { Live } from "./live/live.svelte";
import type { Link } from "./net/connection";
import { Session } from "./net/session";
import { type NoticeAction, notices } from "./notices.svelte";
import { settings } from "./settings.svelte";
import { type Condition, isPictureComing, statusLine } from "./status";
import type { ToolName } from "./tools/tool";
import { t } from "./words";
import type { Command, FrameMessage, ModelFacts, Scene, Status, Welcome } from "./wire.gen";

/** The brush that is chosen; null is the background. */
export type Selection = string | null;
/** The background, where rows of the dock are named. */
export const BACKGROUND = "background";
export type Peek = "none" | "masks" | "result";

export interface Shot {
  readonly message: FrameMessage;
  readonly bitmap: ImageBitmap;
}

export class Studio {
  facts = $state.raw<Facts | null>(null);
  model = $state.raw<ModelFacts | null>(null);
  selected = $state<Selection>(null);
  hovered = $state<Selection>(null);
  /** The brush, or BACKGROUND, whose details are unfolded; one at most. */
  unfolded = $state<string | null>(null);
  tool = $state<ToolName>("brush");
  peek = $state<Peek>("none");
  isUiHidden = $state(false);
  isLive = $state(true);
  isHidden = $state(false);
  link = $state.raw<Link>({ state: "connecting" });
  /** Why the server does not take this scene; what it paints meanwhile is another one. */
  outOfStep = $state.raw<string | null>(null);
  engine = $state.raw<Pick<Status, "state" | "reason">>({ state: "live", reason: "" });
  frame = $state.raw<FrameMessage | null>(null);
  isCurrent = $state(false);
  isGreeted = $state(false);
  hasPicture = $state(false);
  /** CSS pixels per document pixel. */
  zoom = $state(1);
  /** How the view is turned, in radians clockwise. */
  turned = $state.raw({ angle: 0, isMirrored: false });
  saving = $state.raw<SaveState>({ state: "loading" });
  /** A picture that is kept next to this one, until the painter takes or leaves it. */
  aside = $state.raw<Aside | null>(null);
  latency_ms = $state<number | null>(null);
  undoLabel = $state<string | null>(null);
  redoLabel = $state<string | null>(null);
  /** The step that undo takes back. */
  #newest = $state.raw<object | null>(null);
  /** Counts canvases of another size: the view fits itself anew. */
  openings = $state(0);

  readonly live = new Live(this);
  readonly #condition: Condition = $derived({
    link: this.link, isGreeted: this.isGreeted, outOfStep: this.outOfStep, engine: this.engine, isLive: this.isLive, isCurrent: this.isCurrent,
    frame: this.frame, paused: this.live.paused, isHidden: this.isHidden, isFlowing: this.live.flow.isOn,
  });
  readonly status = $derived(statusLine(this.#condition));
  readonly isPictureComing = $derived(isPictureComing(this.#condition));

  readonly edits = new Edits(this);
  readonly regions = new RegionEdits(this);
  readonly session: Session;
  readonly autosave: Autosave;
  /** Asks for a tick; set by the easel. */
  mark: () => void = () => undefined;
  /** Ends a stroke in progress, all its samples included, so that steps of the history never overlap; set by the easel. */
  finishStroke: () => void = () => undefined;
  #document: Document | null = null;
  #history: History | null = null;
  #previous: Selection = null;
  #pending: Shot | null = null;
  /** Counts the models that painted: what an earlier one made is not shown any more. */
  #epoch = 0;
  #hasToldOfOtherTab = false;

  constructor(url: string) {
    this.autosave = new Autosave(() => this.scene(), (state) => this.#saved(state), (aside) => (this.aside = aside));
    this.session = new Session(url, {
      scene: () => (this.#document ? this.scene() : null),
      masks: () => this.masks,
      linkChanged: (link) => this.#linkChanged(link),
      welcome: (message) => this.#welcome(message),
      frame: (message) => void this.#received(message, this.link),
      status: ({ state, reason }) => (this.engine = { state, reason }),
      modelChanged: (model) => this.#modelChanged(model),
      outOfStep: (reason) => (this.outOfStep = reason),
      refused: (reason) => notices.tell(reason, { tone: "bad" }),
      acknowledged: () => this.mark(),
    });
  }

  /** Open what was autosaved, then speak to the server. */
  async start(): Promise<void> {
    try {
      const opened = await this.autosave.load();
      if (opened) this.#adopt(new Document(opened.facts, opened.masks));
    } catch (error) {
      notices.tell(messageOf(error), { tone: "bad" });
    }
    void this.autosave.claim();
    void this.live.start();
    this.session.connect();
  }

  get masks(): ReadonlyMap<string, MaskCanvas> {
    return this.#document?.masks ?? new Map<string, MaskCanvas>();
  }

  /** The shorter side of the canvas; brushes are sized by it. */
  get side_px(): number {
    return Math.min(...(this.facts?.extent ?? [256, 256]));
  }

  scene(): Scene {
    if (!this.#document) throw new Error("there is no document yet");
    return toScene(this.#document.facts, this.#document.masks);
  }

  /** The scene that makes the picture that is shown, once that is the finished one. */
  sceneShown(): Scene {
    const scene = this.scene();
    return this.live.flow.isOn && this.frame?.settled ? { ...scene, frame: this.frame.frame } : scene;
  }

  layer(brushId: Selection): LayerFacts | null {
    return this.facts?.layers.find((layer) => layer.brush.id === brushId) ?? null;
  }

  // ---- edits ----
  /** Put another document in the place of this one, as one step that can be undone. */
  open(scene: Scene, label: string): void {
    if (!this.#document) return;
    this.live.beforeOpening();
    this.run({ label }, [{ kind: "open", ...fromScene(scene) }]);
    this.select(this.facts?.layers.at(-1)?.brush.id ?? null);
  }

  /** Exchange this picture for the one that is kept aside, at once: no stroke can come between. */
  openAside(): void {
    try {
      this.finishStroke();
      this.open(this.autosave.takeAside(), t("aside.did"));
    } catch (error) {
      notices.tell(t("aside.failed", { reason: messageOf(error) }), { tone: "bad" });
    }
  }

  run(edit: Edit, changes: readonly Change[]): void {
    this.finishStroke();
    if (this.#history) this.#edited(this.#history.run(edit, changes));
  }

  /** Add to what an earlier step has done, without a step of its own. */
  amend(changes: readonly Change[]): void {
    this.finishStroke();
    if (this.#history) this.#edited(this.#history.amend(changes));
  }

  /** What was painted is one step; `also` belongs to it and is still to be done. */
  recordStroke(label: string, painted: readonly Painted[], also: readonly Change[] = []): void {
    if (painted.length === 0) return;
    settings.hasPainted = true;
    this.session.strokeEnded();
    const swaps = painted.map(({ brush_id, before }): Change => ({ kind: "swap_tiles", brush_id, tiles: before }));
    this.#edited(this.#history?.conclude({ label }, swaps, also) ?? null);
  }

  undo(): void {
    this.finishStroke();
    this.#edited(this.#history?.undo() ?? null);
  }

  /** Offers to undo what was done just now, as long as nothing was done since. */
  takingBack(): NoticeAction {
    const step = this.#newest;
    return { label: t("edit.undo"), run: () => this.undo(), isOffered: () => step !== null && this.#newest === step };
  }

  redo(): void {
    this.finishStroke();
    this.#edited(this.#history?.redo() ?? null);
  }

  /** Once more from the start: reach the server, or have it make the picture that failed. */
  retry(): void {
    if (this.isGreeted) this.session.edit([{ kind: "replace_scene", scene: this.scene() }]);
    else this.session.retryNow();
    this.mark();
  }

  // ---- choices ----
  select(brushId: Selection): void {
    if (brushId === this.selected) return;
    this.#previous = this.selected;
    this.selected = brushId;
  }

  selectPrevious(): void {
    if (this.#previous === null || this.layer(this.#previous)) this.select(this.#previous);
  }

  /** Also asked when the page comes into sight or goes out of it. */
  setLive(live: boolean): void {
    this.isLive = live;
    this.isHidden = document.hidden;
    if (live) this.live.goOn();
    this.session.setLive(live && !document.hidden);
  }

  // ---- the picture ----
  /** Take the decoded frame that waits to be shown. */
  takeShot(): Shot | null {
    const shot = this.#pending;
    this.#pending = null;
    return shot;
  }

  shown(message: FrameMessage): void {
    this.frame = message;
    this.hasPicture = true;
    this.session.shown(message);
    this.live.shown(message);
    this.latency_ms = this.session.latency.records.at(-1)?.preview_ms ?? null;
  }

  /** Whether the settled picture of everything that was painted is shown. */
  compare(): boolean {
    const isShown = this.frame !== null && this.frame.settled && this.frame.revision >= this.session.revision;
    return isShown && this.session.isSynchronous;
  }

  #adopt(document: Document): void {
    this.#document = document;
    this.#history = new History(document);
    this.facts = document.facts;
    this.selected = document.facts.layers.at(-1)?.brush.id ?? null;
    this.openings++;
  }

  #edited(commands: readonly Command[] | null): void {
    if (!commands || !this.#document || !this.#history) return;
    this.session.edit(commands);
    const [width, height] = this.#document.facts.extent;
    if (this.facts?.extent[0] !== width || this.facts.extent[1] !== height) this.openings++;
    this.facts = this.#document.facts;
    this.undoLabel = this.#history.undoLabel;
    this.redoLabel = this.#history.redoLabel;
    this.#newest = this.#history.newest;
    if (this.hovered !== null && !this.layer(this.hovered)) this.hovered = null;
    if (this.selected !== null && !this.layer(this.selected)) this.selected = this.facts.layers.at(-1)?.brush.id ?? null;
    this.autosave.changed();
    this.mark();
  }

  #saved(state: SaveState): void {
    this.saving = state;
    if (state.state !== "beside" || this.#hasToldOfOtherTab) return;
    this.#hasToldOfOtherTab = true;
    notices.tell(t("aside.beside"));
  }

  #linkChanged(link: Link): void {
    if (link.state === "waiting" && this.live.flow.isOn) this.live.flow.adopt();
    this.link = link;
    this.isGreeted = false;
    this.takeShot()?.bitmap.close(); // of a link that is gone: nobody waits for the answer
    this.mark();
  }

  #welcome({ model, scene }: Welcome): void {
    this.model = model;
    this.frame = null;
    this.engine = { state: "live", reason: "" };
    if (!this.#document && scene) {
      const { facts, masks } = fromScene(scene);
      this.#adopt(new Document(facts, masks));
    }
    this.isGreeted = true;
    this.mark();
  }

  #modelChanged(model: ModelFacts): void {
    const former = this.model;
    this.model = model;
    this.frame = null; // what is shown is no longer current: the same revision is painted anew
    this.#epoch++;
    const shot = this.takeShot();
    if (shot) this.#passOver(shot.message, shot.bitmap);
    notices.tell(t("recipe.paints_now", { model: model.name }));
    if (former && this.facts) {
      const recipe = followed(this.facts.recipe, former.recipe, model.recipe);
      if (recipe !== this.facts.recipe) this.run({ label: t("recipe.model") }, [{ kind: "set_recipe", recipe }]);
    }
    this.mark();
  }

  /** Decode off the main thread; meanwhile the link may have been lost, or another model have begun to paint. */
  async #received(message: FrameMessage, link: Link): Promise<void> {
    const epoch = this.#epoch;
    const jpeg = new Blob([message.jpeg as Uint8Array<ArrayBuffer>], { type: "image/jpeg" });
    const bitmap = await createImageBitmap(jpeg).catch(() => null);
    if (link !== this.link) return bitmap?.close();
    if (!bitmap || epoch !== this.#epoch) return this.#passOver(message, bitmap);
    this.#pending = { message, bitmap };
    this.mark();
  }

  /** The server sends the next frame only after an answer to this one. */
  #passOver(message: FrameMessage, bitmap: ImageBitmap | null): void {
    bitmap?.close();
    this.session.shown(message);
  }
}
