/** What the recorder needs of the phone, in one place, so that trials can put another phone there. */

/** What a browser may tell of its line (Network Information API); a guess, and absent in many. */
export interface LineHint {
  readonly effectiveType?: string;
  /** Mbit/s */
  readonly downlink?: number;
  readonly saveData?: boolean;
}

export interface Device {
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Unix milliseconds; may jump either way. */
  wall(): number;
  /** Resolves after `ms`, or at once when `wake` aborts. Never rejects. */
  wait(ms: number, wake?: AbortSignal): Promise<void>;
  /** Calls `act` each `ms` until the returned function is called. */
  every(ms: number, act: () => void): () => void;
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  mediaRecorder(stream: MediaStream, options: MediaRecorderOptions): MediaRecorder;
  supports(mime: string): boolean;
  line(): LineHint;
}

export const thisPhone: Device = {
  fetch: (path, init) => fetch(path, init),
  now: () => performance.now(),
  wall: () => Date.now(),
  wait: (ms, wake) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      if (wake?.aborted) resolve();
    }),
  every(ms, act) {
    const timer = setInterval(act, ms);
    return () => clearInterval(timer);
  },
  getUserMedia: (constraints) => navigator.mediaDevices.getUserMedia(constraints),
  mediaRecorder: (stream, options) => new MediaRecorder(stream, options),
  line: () => (globalThis.navigator as { connection?: LineHint } | undefined)?.connection ?? {},
  supports: (mime) => typeof MediaRecorder !== "undefined" && MediaRecorder.isTypeSupported(mime),
};

/** Family and major version of the browser, family of the system: for the sealed start event, nothing finer. */
export function familyNames(agent: string): { browser: string; os: string } {
  const browsers: [RegExp, string][] = [
    [/Edg\w*\/(\d+)/, "Edge"],
    [/Firefox\/(\d+)|FxiOS\/(\d+)/, "Firefox"],
    [/Chrome\/(\d+)|CriOS\/(\d+)/, "Chrome"],
    [/Version\/(\d+).*Safari/, "Safari"],
  ];
  const systems: [RegExp, string][] = [
    [/Android/, "Android"],
    [/iPhone|iPad/, "iOS"],
    [/Mac OS X/, "macOS"],
    [/Windows/, "Windows"],
    [/Linux/, "Linux"],
  ];
  const browser = browsers.map(([shape, name]) => [shape.exec(agent), name] as const).find(([found]) => found);
  const os = systems.find(([shape]) => shape.test(agent))?.[1] ?? "unknown";
  const version = browser?.[0]?.slice(1).find(Boolean) ?? "";
  return { browser: browser ? `${browser[1]} ${version}`.trim() : "unknown", os };
}
