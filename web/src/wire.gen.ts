// Generated from src/semdraw/protocol.py by web/scripts/wire.py; edit that, not this.
export const VERSION = 1;
export const MAX_MESSAGE_BYTES = 16777216;
export const MAX_BRUSHES = 64;
/** All masks of a scene together. */
export const MAX_MASKS_PX = 128000000;
export const MAX_SIDE_PX = 4096;
export const MAX_AREA_PX = 4200000;
/** Letters of a prompt and of a name, and styles of a scene. */
export const MAX_PROMPT = 2000;
export const MAX_NAME = 120;
export const MAX_STYLES = 16;
/** A new brush, but for its id and colour. */
export const NEW_BRUSH = {"prompt": "", "negative": "", "name": "", "strength": 1.0, "prompt_strength": 1.0, "softness_px": 4.0, "seed": null, "acts_from": 0.0, "acts_until": 1.0} as const;
/** Words by the name of a list, which stands in prompts as __name__. */
export const WORD_LISTS: Readonly<Record<string, readonly string[]>> = {"animal": ["cat", "dog", "fox", "bear", "rabbit", "horse", "elephant", "giraffe", "owl", "penguin", "turtle"], "color": ["red", "orange", "yellow", "green", "turquoise", "blue", "violet", "pink", "white", "black", "golden"], "fruit": ["apple", "banana", "grapes", "strawberry", "orange", "lemon", "pineapple", "watermelon"], "ground": ["night sky", "blue sky", "sunset", "sea", "beach", "desert", "forest", "snowy mountains", "space"], "light": ["at dawn", "at noon", "at sunset", "by moonlight", "in fog", "by candlelight", "after the rain"], "material": ["wood", "stone", "glass", "paper", "porcelain", "bronze", "wool", "ice", "gold"], "mood": ["calm", "cheerful", "gloomy", "dreamy", "mysterious", "solemn", "wild"], "plant": ["tree", "pine tree", "palm tree", "cactus", "mushroom", "flower", "sunflower", "rose", "tulip"], "season": ["in spring", "in summer", "in autumn", "in winter"], "vehicle": ["rocket", "airplane", "helicopter", "car", "train", "tractor", "sailboat", "balloon"]};
/** A recipe as it is where nothing else was said; also what older documents do not say. */
export const NEW_RECIPE = {"model": "picturebook", "weights_hash": "", "sampler": "lcm", "num_steps": 4, "gamma": 0.3, "method": "exact", "step_indices": [], "grid_steps": 50, "bootstrap_steps": 2, "bootstrap_mix": 50.0, "leak_sensitivity": 0.2, "mask_mode": "continuous", "guidance_scale": 1.0, "guidance": "full", "guidance_delta": 1.0, "cover": 0.3, "region_suffix": null, "window_px": null, "tile_px": null, "blend": true, "enlarge": 1.0} as const;
/** Scenes to begin with, at the size of the model; the first is what a new painter finds. */
export const STARTERS = ["house", "beach", "forest", "harvest", "reef"] as const;
/** [least, most] of what sliders set. */
export const LIMITS = {"Brush": {"strength": [0.0, 1.0], "prompt_strength": [0.0, 1.0], "softness_px": [0.0, 100.0], "seed": [0, 4294967295], "acts_from": [0.0, 1.0], "acts_until": [0.0, 1.0]}, "Recipe": {"num_steps": [1, 100], "gamma": [0.0, 1.0], "grid_steps": [1, 1000], "bootstrap_steps": [0, 50], "bootstrap_mix": [0.0, 50.0], "leak_sensitivity": [0.0, 10.0], "guidance_scale": [1.0, 30.0], "guidance_delta": [0.0, 2.0], "cover": [0.0, 1.0], "window_px": [0, 4096], "tile_px": [0, 4096], "enlarge": [1.0, 8.0]}} as const;

/** First message of a connection: the version that the page speaks and its whole document, if it has one. */
export interface Hello {
  readonly kind: "hello";
  readonly version: number;
  readonly scene: Scene | null;
}

/** All that a picture depends on.

    frame: where in the endless variation of its seeds; whole numbers have noise of their own, between them it drifts. */
export interface Scene {
  readonly canvas: Canvas;
  readonly brushes: readonly Brush[];
  readonly recipe: Recipe;
  readonly seed: number;
  readonly styles: readonly Style[];
  readonly frame: number;
}

/** Size, background and layers, bottom first. */
export interface Canvas {
  readonly extent: Extent;
  readonly layers: readonly Layer[];
  readonly background: PromptBackground | ColorBackground | ImageBackground;
}

/** Width and height, in pixels unless a name says cells. */
export type Extent = readonly [number, number];

/** Where a brush was painted. One per brush; the order of layers is the order of the canvas, bottom first.

    locked: no stroke changes it. frozen: nor does its picture change; only locked layers have it.
    moved_px: how far, to the right and down, its region was moved since it was painted; it takes its noise along, in
    whole cells of the model. */
export interface Layer {
  readonly brush_id: string;
  readonly mask: Mask;
  readonly visible: boolean;
  readonly locked: boolean;
  readonly frozen: Frozen | null;
  readonly moved_px: readonly [number, number];
}

/** Pixels of a finished picture that a locked layer keeps, whatever is painted beside it.

    x, y: where the left upper corner of `picture` lies on the canvas. mask, as large as `picture`: where it is 255 the
    picture keeps these bytes; where it is less, as on a soft rim, it keeps that share of them. */
export interface Frozen {
  readonly x: number;
  readonly y: number;
  readonly picture: Picture;
  readonly mask: Mask;
}

/** A background described in words; an empty prompt means plain white. `negative` acts while guidance is on. */
export interface PromptBackground {
  readonly type: "prompt";
  readonly prompt: string;
  readonly negative: string;
}

/** A plain ground. */
export interface ColorBackground {
  readonly type: "color";
  readonly color: string;
}

/** A picture that stays wherever nothing is painted.

    prompt: what it shows, where a brush's `prompt_strength` or suffix asks for it; `negative` goes with it. */
export interface ImageBackground {
  readonly type: "image";
  readonly picture: Picture;
  readonly prompt: string;
  readonly negative: string;
}

/** What a brush means. `softness_px` is the blur of its mask, at a canvas of 512 px.

    negative: what guidance leads away from; it acts while guidance is on.
    acts_from, acts_until: during which share of the steps it takes part, the noisiest first; it takes one at least. */
export interface Brush {
  readonly id: string;
  readonly prompt: string;
  readonly negative: string;
  readonly name: string;
  readonly color: string;
  readonly strength: number;
  readonly prompt_strength: number;
  readonly softness_px: number;
  readonly seed: number | null;
  readonly acts_from: number;
  readonly acts_until: number;
}

/** How the picture is made: model, sampler and the settings of the method. `gamma` is for `tcd` alone.

    step_indices: which steps of `grid_steps` are taken; empty means `num_steps` even ones.
    bootstrap_steps: first steps that show a region alone; bootstrap_mix: how many of them show it on a plain ground,
    the others on what lies behind; 2.3 means two, and a third of the third.
    leak_sensitivity: how little a region may differ from that ground and still count as drawn; 0 counts all of it.
    guidance_scale: 1 is off; guidance_delta: share of the residual noise.
    region_suffix: what is added to the prompts of regions; {background} in it stands for the words of the background.
    region_suffix, window_px, tile_px: None is the model's own; 0 px is the whole canvas.
    blend: whether a known background keeps its own pixels where nothing is painted.
    enlarge: above 1 a picture is drawn in two passes: so many times smaller, then enlarged and drawn finer. */
export interface Recipe {
  readonly model: string;
  readonly weights_hash: string;
  readonly sampler: "ddim" | "ddim_trailing" | "euler_trailing" | "flow" | "flow_lcm" | "flow_trailing" | "lcm" | "tcd";
  readonly num_steps: number;
  readonly gamma: number;
  readonly method: "exact" | "joint" | "multidiffusion" | "published";
  readonly step_indices: readonly number[];
  readonly grid_steps: number;
  readonly bootstrap_steps: number;
  readonly bootstrap_mix: number;
  readonly leak_sensitivity: number;
  readonly mask_mode: "continuous" | "discrete" | "semi_continuous";
  readonly guidance_scale: number;
  readonly guidance: "full" | "residual_once" | "residual_self";
  readonly guidance_delta: number;
  readonly cover: number;
  readonly region_suffix: string | null;
  readonly window_px: number | null;
  readonly tile_px: number | null;
  readonly blend: boolean;
  readonly enlarge: number;
}

/** Words around all prompts of a scene, that of the background too: `{prompt}` stands for each of them.

    Without `{prompt}` the words follow it after a comma. negative: likewise for what is to be avoided. */
export interface Style {
  readonly name: string;
  readonly prompt: string;
  readonly negative: string;
}

/** One command. `seq` counts the page's edits; a number seen before is acknowledged and otherwise ignored. */
export interface Edit {
  readonly kind: "edit";
  readonly seq: number;
  readonly command: AddBrush | EditBrush | RemoveBrush | MoveLayer | EditLayer | PaintMask | SetBackground | SetSeed | SetFrame | SetStyles | SetRecipe | ReplaceScene;
}

/** A new brush with a blank layer; `index` counts from the bottom, left out it goes on top. */
export interface AddBrush {
  readonly kind: "add_brush";
  readonly brush: Brush;
  readonly index: number | null;
}

/** Change the fields that are given; `seed: null` returns to the seed of the scene. */
export interface EditBrush {
  readonly kind: "edit_brush";
  readonly brush_id: string;
  readonly prompt?: string;
  readonly negative?: string;
  readonly name?: string;
  readonly color?: string;
  readonly strength?: number;
  readonly prompt_strength?: number;
  readonly softness_px?: number;
  readonly seed?: number | null;
  readonly acts_from?: number;
  readonly acts_until?: number;
}

export interface RemoveBrush {
  readonly kind: "remove_brush";
  readonly brush_id: string;
}

/** Put the layer at `index`, counted from the bottom. */
export interface MoveLayer {
  readonly kind: "move_layer";
  readonly brush_id: string;
  readonly index: number;
}

/** Change the fields that are given; unlocking lets frozen pixels go. */
export interface EditLayer {
  readonly kind: "edit_layer";
  readonly brush_id: string;
  readonly visible?: boolean;
  readonly locked?: boolean;
  readonly frozen?: Frozen | null;
  readonly moved_px?: readonly [number, number];
}

/** Replace a rectangle of a mask; `alpha` is zlib-deflated, one byte per pixel, rows from the top. */
export interface PaintMask {
  readonly kind: "paint_mask";
  readonly brush_id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly alpha: Uint8Array;
}

export interface SetBackground {
  readonly kind: "set_background";
  readonly background: PromptBackground | ColorBackground | ImageBackground;
}

export interface SetSeed {
  readonly kind: "set_seed";
  readonly seed: number;
}

/** Another place in the endless variation: where a flow was stopped. */
export interface SetFrame {
  readonly kind: "set_frame";
  readonly frame: number;
}

/** The styles of the whole scene, in the order in which they are put around its prompts. */
export interface SetStyles {
  readonly kind: "set_styles";
  readonly styles: readonly Style[];
}

export interface SetRecipe {
  readonly kind: "set_recipe";
  readonly recipe: Recipe;
}

/** The whole document: a file was opened, or the page comes back after a lost connection. */
export interface ReplaceScene {
  readonly kind: "replace_scene";
  readonly scene: Scene;
}

/** Live off: edits are still kept, no picture is made. */
export interface SetLive {
  readonly kind: "set_live";
  readonly live: boolean;
}

/** Endless variation: each picture `speed` frames further than the last, at most `per_s` a second; 0 ends it.

    Frames of a flow are settled and carry their frame number. What is shown when a flow ends stays, until the next
    edit; `SetFrame` with the number of that frame makes it part of the scene. */
export interface SetFlow {
  readonly kind: "set_flow";
  readonly speed: number;
  readonly per_s: number;
}

/** The page has shown this frame and takes the next one. */
export interface Shown {
  readonly kind: "shown";
  readonly number: number;
}

/** Have another model paint, for everybody; answered by ModelChanged, or by Refused with the reason. */
export interface SwitchModel {
  readonly kind: "switch_model";
  readonly model: string;
}

/** Answer to Hello. `scene` is the starter scene when the page brought none. */
export interface Welcome {
  readonly kind: "welcome";
  readonly version: number;
  readonly model: ModelFacts;
  readonly revision: number;
  readonly scene: Scene | null;
}

/** What the page needs to know of the running model; `recipe` is the one that it is best painted with.

    vocabulary: all single words that it was taught; none where it knows words in general. */
export interface ModelFacts {
  readonly name: string;
  readonly extent: Extent;
  readonly extent_multiple: number;
  readonly objects: readonly Concept[];
  readonly backgrounds: readonly Concept[];
  readonly samplers: readonly SamplerChoice[];
  readonly recipe: Recipe;
  readonly vocabulary: readonly string[];
}

/** A word that the model knows. */
export interface Concept {
  readonly name: string;
  readonly synonyms: readonly string[];
}

/** A sampler that suits the model, and what other tools call it. */
export interface SamplerChoice {
  readonly name: string;
  readonly label: string;
}

/** The edit is part of the scene from this revision on. */
export interface Applied {
  readonly kind: "applied";
  readonly seq: number;
  readonly revision: number;
}

/** A message or an edit was not accepted; `reason` is for people. `revision` is what the server holds. */
export interface Refused {
  readonly kind: "refused";
  readonly reason: string;
  readonly seq: number | null;
  readonly revision: number;
}

/** One picture. `step` of `num_steps` is done; settled frames are final for their revision and frame number. */
export interface FrameMessage {
  readonly kind: "frame";
  readonly number: number;
  readonly revision: number;
  readonly step: number;
  readonly num_steps: number;
  readonly settled: boolean;
  readonly extent: Extent;
  readonly timings: Timings;
  readonly jpeg: Uint8Array;
  readonly hints: readonly Hint[];
  readonly frame: number;
}

/** Milliseconds since the scene of this frame was taken up, and the network rows of the picture so far. */
export interface Timings {
  readonly compile_ms: number;
  readonly denoise_ms: number;
  readonly decode_ms: number;
  readonly total_ms: number;
  readonly rows: number;
}

/** What to tell the painter of one region; an empty `brush_id` is the background.

    problem: `chosen` is none: the words say what chance has made of a prompt. */
export interface Hint {
  readonly brush_id: string;
  readonly problem: "behind_locked" | "chosen" | "faint" | "hidden" | "negative_unused" | "no_prompt" | "too_small" | "unknown_words";
  readonly words: readonly string[];
}

/** How the engine fares; `reason` is for people and empty when all is well. */
export interface Status {
  readonly kind: "status";
  readonly state: "failed" | "live" | "loading" | "paused" | "recovering";
  readonly reason: string;
}

/** Another model paints from now on: the pictures of all painters are made anew. */
export interface ModelChanged {
  readonly kind: "model_changed";
  readonly model: ModelFacts;
}

/** Why a region shows or does not. painted: the share of the canvas with its paint; steps: none where it has none,
    no words, or is hidden; hints: what its painter is told. */
export interface Inspection {
  readonly brush_id: string;
  readonly painted: number;
  readonly steps: readonly ActingStep[];
  readonly hints: readonly Hint[];
}

/** What of a region takes part in one step.

    acts: the step lies in the brush's window. noise: the share of noise before the step. cover: the share of the
    canvas that the region claims, 0 to 1. mask: how much it counts, one pixel a latent cell. */
export interface ActingStep {
  readonly acts: boolean;
  readonly noise: number;
  readonly cover: number;
  readonly mask: Mask;
}

export type ClientMessage = Hello | Edit | SetLive | SetFlow | Shown | SwitchModel;

export type ServerMessage = Welcome | Applied | Refused | FrameMessage | Status | ModelChanged;

export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly deflate: Uint8Array;
}

export interface Picture {
  readonly png: Uint8Array;
}

export type Command = Edit["command"];

export type Background = Canvas["background"];
