/** The desk's list as it is told by the node, kept live; silence goes on counting here between two tellings. */

export interface Line {
  readonly recording: string;
  readonly kind: string;
  readonly stream: "open" | "stopped" | "cut";
  readonly state: "waiting" | "taken" | "opened" | "done" | "frozen";
  readonly turn: number;
  readonly day: number;
  readonly rank: number | null;
  readonly ticket: string;
  readonly label: string;
  readonly marks: readonly string[];
  readonly is_late: boolean;
  readonly quiet: "" | "coming" | "silent" | "unknown";
}

interface Told {
  readonly line: Line;
  readonly silent_s: number | null;
  readonly waiting_min: number | null;
}

interface News {
  readonly all: boolean;
  readonly lines: readonly Told[];
  readonly left: readonly string[];
}

/** A line and when it was told (ms, this page's own clock). */
export interface Shown extends Told {
  readonly at: number;
}

const ORDER: Record<Line["state"], number> = { waiting: 0, taken: 1, opened: 1, frozen: 2, done: 3 };
const AGAIN_MS = 3000;

export class Lines {
  readonly #lines = new Map<string, Shown>();
  readonly #changed: (fresh: readonly Line[]) => void;
  readonly #refused: () => Promise<void>;
  /** Whether the node is heard now. */
  isHeard = false;

  /** `changed` hears what is new; `refused` is asked when the node lets nobody listen, and resolves when it may be tried again. */
  constructor(changed: (fresh: readonly Line[]) => void, refused: () => Promise<void>) {
    this.#changed = changed;
    this.#refused = refused;
  }

  listen(): void {
    const source = new EventSource("/desk/events");
    source.addEventListener("message", ({ data: said }: MessageEvent<string>) => this.take(JSON.parse(said) as News));
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return;
      this.isHeard = false;
      this.#changed([]);
      setTimeout(() => void this.#refused().then(() => this.listen()), AGAIN_MS);
    });
  }

  take(news: News): void {
    const fresh = news.lines.map(({ line }) => line).filter((line) => this.#lines.get(line.recording)?.line.quiet !== line.quiet);
    if (news.all) this.#lines.clear();
    for (const recording of news.left) this.#lines.delete(recording);
    for (const told of news.lines) this.#lines.set(told.line.recording, { ...told, at: Date.now() });
    this.isHeard = true;
    this.#changed(fresh);
  }

  get(recording: string): Shown | undefined {
    return this.#lines.get(recording);
  }

  /** What waits before what somebody has, what is put away last; the oldest first in each. */
  sorted(): Shown[] {
    return [...this.#lines.values()].sort(({ line: a }, { line: b }) =>
      ORDER[a.state] - ORDER[b.state] || a.day - b.day || (a.rank ?? 0) - (b.rank ?? 0) || (a.recording < b.recording ? -1 : 1));
  }
}

/** Seconds of silence now; undefined where seconds come, or it is over. */
export function silentFor(shown: Shown, now: number): number | undefined {
  if (shown.silent_s === null) return undefined;
  return shown.silent_s + Math.floor((now - shown.at) / 1000);
}
