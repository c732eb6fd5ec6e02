/** How things stand, in words: one line that is always true. */

import { assertNever } from "./assert";
import { waited_ms } from "./live/meter";
import type { Link } from "./net/connection";
import type { FrameMessage, Status } from "./wire.gen";
import { t } from "./words";

const BUSY_MS = 400;

export type Tone = "good" | "busy" | "calm" | "bad";

export interface Condition {
  readonly link: Link;
  readonly isGreeted: boolean;
  /** Why the server's scene is not this one, where it is not. */
  readonly outOfStep: string | null;
  readonly engine: Pick<Status, "state" | "reason">;
  readonly isLive: boolean;
  /** Why the page has paused by itself, where it has; and whether nobody sees it. */
  readonly paused: string | null;
  readonly isHidden: boolean;
  readonly isFlowing: boolean;
  readonly isCurrent: boolean;
  readonly frame: Pick<FrameMessage, "step" | "num_steps" | "settled" | "timings"> | null;
}

export interface StatusLine {
  readonly tone: Tone;
  readonly text: string;
}

export function statusLine(condition: Condition): StatusLine {
  const { link, isGreeted, engine } = condition;
  if (link.state === "waiting") return { tone: "bad", text: t("status.offline") };
  if (link.state === "refused") return { tone: "bad", text: t("status.refused") };
  if (link.state === "connecting" || !isGreeted) return { tone: "busy", text: t("status.connecting") };
  if (condition.outOfStep !== null) return { tone: "bad", text: because("status.outOfStep", condition.outOfStep) };
  switch (engine.state) {
    case "failed": return { tone: "bad", text: because("status.failed", engine.reason) };
    case "recovering": return { tone: "bad", text: because("status.recovering", engine.reason) };
    case "loading": return { tone: "busy", text: engine.reason || t("status.loading") };
    case "paused": return { tone: "calm", text: because("status.paused", reasonOfPause(condition)) };
    case "live": return condition.isLive && !condition.isHidden ? rendering(condition) : { tone: "calm", text: because("status.paused", reasonOfPause(condition)) };
    default: return assertNever(engine.state);
  }
}

function because(key: "status.outOfStep" | "status.failed" | "status.recovering" | "status.paused", reason: string): string {
  return reason ? `${t(key)} (${reason})` : t(key);
}

function reasonOfPause({ isLive, paused, isHidden, isFlowing, engine }: Condition): string {
  if (!isLive) return paused ?? t("status.off");
  if (isHidden) return t("status.hidden");
  return isFlowing ? t("status.rests") : engine.reason;
}

function rendering({ isCurrent, isFlowing, frame }: Condition): StatusLine {
  if (isCurrent) return { tone: "good", text: t(isFlowing ? "status.flows" : "status.live") };
  if (!frame || frame.settled) return { tone: "busy", text: t("status.rendering") };
  const text = `${t("status.rendering")} ${frame.step}/${frame.num_steps}`;
  return { tone: "busy", text: isBusy(frame) ? `${text} (${t("status.busy")})` : text };
}

/** Most of the time went to pictures of others, and it is felt. */
function isBusy({ timings }: Pick<FrameMessage, "timings">): boolean {
  const waited = waited_ms(timings);
  return waited > BUSY_MS && 2 * waited > timings.total_ms;
}

/** Whether the picture will follow what is painted now. */
export function isPictureComing(condition: Condition): boolean {
  const { tone } = statusLine(condition);
  return tone === "good" || tone === "busy";
}
