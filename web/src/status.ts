/** How things stand, in words: one line that is always true. */

import type { Link } from "./net/connection";
import { assertNever } from "./assert";
import type { FrameMessage, Status } from "./wire.gen";

export type Tone = "good" | "busy" | "calm" | "bad";

export interface Condition {
  readonly link: Link;
  readonly isGreeted: boolean;
  /** Why the server's scene is not this one, where it is not. */
  readonly outOfStep: string | null;
  readonly engine: Pick<Status, "state" | "reason">;
  readonly isLive: boolean;
  readonly isCurrent: boolean;
  readonly frame: Pick<FrameMessage, "step" | "num_steps" | "settled"> | null;
}

export interface StatusLine {
  readonly tone: Tone;
  readonly text: string;
}

export function statusLine(condition: Condition): StatusLine {
  const { link, isGreeted, engine, isLive } = condition;
  if (link.state === "waiting") return { tone: "bad", text: "offline (reconnecting)" };
  if (link.state === "refused") return { tone: "bad", text: "not connected" };
  if (link.state === "connecting" || !isGreeted) return { tone: "busy", text: "connecting" };
  if (condition.outOfStep !== null) return { tone: "bad", text: `out of step (${condition.outOfStep})` };
  const because = engine.reason ? ` (${engine.reason})` : "";
  switch (engine.state) {
    case "failed": return { tone: "bad", text: `stopped${because}` };
    case "recovering": return { tone: "bad", text: `recovering${because}` };
    case "loading": return { tone: "busy", text: engine.reason || "loading the model" };
    case "paused": return { tone: "calm", text: `paused${isLive ? because : " (live is off)"}` };
    case "live": return isLive ? rendering(condition) : { tone: "calm", text: "paused (live is off)" };
    default: return assertNever(engine.state);
  }
}

function rendering({ isCurrent, frame }: Condition): StatusLine {
  if (isCurrent) return { tone: "good", text: "live" };
  if (!frame || frame.settled) return { tone: "busy", text: "rendering" };
  return { tone: "busy", text: `rendering ${frame.step}/${frame.num_steps}` };
}

/** Whether the picture will follow what is painted now. */
export function isPictureComing(condition: Condition): boolean {
  const { tone } = statusLine(condition);
  return tone === "good" || tone === "busy";
}
