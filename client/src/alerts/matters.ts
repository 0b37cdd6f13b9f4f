/** The desk's list as the node tells it, kept live. What was told stands while the line is down, and the page says since when it is. */

export interface Line {
  readonly matter: string;
  readonly state: string;
  readonly turn: number;
  readonly owner: string;
  readonly area: string;
  readonly kind: string;
  readonly status: string;
  readonly life_minutes: number;
  readonly reports: number;
  readonly rank: number;
  readonly cluster: number;
  readonly came_s: number;
  readonly languages: readonly string[];
  readonly is_acknowledged: boolean;
  readonly missing: readonly string[];
  readonly same: readonly string[];
  readonly asked: readonly (readonly [name: string, cohort: number, answer: string])[];
  readonly seen: number;
  readonly nothing: number;
  readonly needed: number;
  readonly releases: number;
  readonly digest: string;
  readonly alert: string;
  readonly is_enough: boolean;
  readonly asking: readonly string[];
  /** Of the alert that stands; 0 while nothing is public. */
  readonly version: number;
  /** How long it stood before it was taken back; -1 while it was not. */
  readonly corrected_s: number;
}

export interface Brake {
  readonly is_frozen: boolean;
  readonly cancelled: number;
  readonly of: number;
  readonly this_hour: number;
  readonly per_hour: number;
  readonly needed: number;
}

export interface News {
  readonly all: boolean;
  readonly lines: readonly Line[];
  readonly gone: readonly string[];
  readonly brake: Brake;
  readonly on_duty: number;
  readonly warnings: number;
  /** Who has the desk open. */
  readonly people: readonly string[];
}

const AGAIN_MS = 3000;
/** Nobody decides any more: these stand below what is open. */
const SETTLED = new Set(["published", "checked", "taken-back"]);

export class Matters {
  readonly #lines = new Map<string, Line>();
  readonly #changed: (fresh: readonly Line[]) => void;
  readonly #refused: () => Promise<void>;
  #isFirst = true;
  beside: Pick<News, "brake" | "on_duty" | "warnings" | "people"> | undefined;
  /** Since when the node is not heard (ms); undefined while it is. */
  silentSince: number | undefined;

  /** `changed` hears which are new; `refused` is asked when the node lets nobody listen, and resolves when it may be tried again. */
  constructor(changed: (fresh: readonly Line[]) => void, refused: () => Promise<void>) {
    this.#changed = changed;
    this.#refused = refused;
  }

  listen(): void {
    const source = new EventSource("/alert-desk/news");
    source.addEventListener("open", () => this.#heard());
    source.addEventListener("message", ({ data: said }: MessageEvent<string>) => this.take(JSON.parse(said) as News));
    source.addEventListener("error", () => {
      // A stream that ended in good order is asked for again at once; only what stays away counts as silence.
      this.silentSince ??= Date.now();
      this.#changed([]);
      if (source.readyState === EventSource.CLOSED) setTimeout(() => void this.#refused().then(() => this.listen()), AGAIN_MS);
    });
  }

  take(news: News): void {
    const fresh = this.#isFirst ? [] : news.lines.filter((line) => !this.#lines.has(line.matter) && line.state === "waiting");
    if (news.all) this.#lines.clear();
    for (const matter of news.gone) this.#lines.delete(matter);
    for (const line of news.lines) this.#lines.set(line.matter, line);
    this.beside = { brake: news.brake, on_duty: news.on_duty, warnings: news.warnings, people: news.people };
    this.#isFirst = false;
    this.#heard();
    this.#changed(fresh);
  }

  get(matter: string): Line | undefined {
    return this.#lines.get(matter);
  }

  all(): Line[] {
    return [...this.#lines.values()];
  }

  /** What waits first, then what somebody has, what is settled last; in each the node's rank, where a true one stands before noise. */
  sorted(): Line[] {
    const place = (line: Line): number => (SETTLED.has(line.state) ? 2 : line.state === "waiting" ? 0 : 1);
    return this.all().sort((a, b) => place(a) - place(b) || a.rank - b.rank || b.came_s - a.came_s || (a.matter < b.matter ? -1 : 1));
  }

  /** Rows of the list: of what waits and looks like one thing the first alone, with how many more there are; at most `most` that wait. */
  rows(most: number): { readonly shown: readonly Line[]; readonly alike: ReadonlyMap<string, number>; readonly below: number } {
    const alike = new Map<string, number>();
    const first = new Map<number, string>();
    const shown: Line[] = [];
    let below = 0;
    for (const line of this.sorted()) {
      const leader = line.state === "waiting" ? first.get(line.cluster) : undefined;
      if (leader !== undefined) alike.set(leader, (alike.get(leader) ?? 0) + 1);
      else if (line.state === "waiting" && first.size >= most) below += 1;
      else {
        if (line.state === "waiting") first.set(line.cluster, line.matter);
        shown.push(line);
      }
    }
    return { shown, alike, below };
  }

  /** How many open ones each person has who has the desk open or holds something. */
  load(): [string, number][] {
    const counts = new Map<string, number>((this.beside?.people ?? []).map((name) => [name, 0]));
    for (const line of this.all()) if (line.owner && !SETTLED.has(line.state)) counts.set(line.owner, (counts.get(line.owner) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #heard(): void {
    this.silentSince = undefined;
  }
}

/** Minutes and seconds since `since`. */
export function silence(since: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
