/** Short messages that go away by themselves; what can be taken back offers to do so. */

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
  /** Whether it still means what it said; always, where it does not say. */
  readonly isOffered?: () => boolean;
}

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "calm" | "bad";
  readonly action?: NoticeAction;
}

const STAY_MS = 7_000;
const MOST = 4;

class Notices {
  list = $state.raw<readonly Notice[]>([]);
  #count = 0;

  tell(text: string, options: Partial<Pick<Notice, "tone" | "action">> = {}): void {
    const notice: Notice = { id: ++this.#count, text, tone: "calm", ...options };
    this.list = [...this.list.filter((other) => other.text !== text), notice].slice(-MOST);
    setTimeout(() => this.dismiss(notice.id), STAY_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
