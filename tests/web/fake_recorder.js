// Stands in for encounter/recorder.ts where a test draws a screen: it records nothing and is moved by `fake.move(...)` from the test.
const IDLE = {
  phase: "idle", mode: "video", recordedMs: 0, safeMs: 0, onlyHereMs: 0, bytesSent: 0, bitsPerSecond: 0, network: "ok",
  takes: { picture: true, sound: true }, isHeldBack: false, recording: "a-recording", wakeLock: true, isStored: true, recipients: "desk", rehearsal: false,
};

export class Recorder extends EventTarget {
  state = Object.freeze({ ...IDLE });
  calls = [];

  constructor(options) {
    super();
    this.options = options;
    globalThis.fake = this;
  }

  move(changes) {
    this.state = Object.freeze({ ...this.state, ...changes });
    this.dispatchEvent(new Event("change"));
  }

  async start() { this.calls.push("start"); this.move({ phase: "starting" }); }
  pause() { this.calls.push("pause"); this.move({ phase: "paused" }); }
  resume() { this.calls.push("resume"); this.move({ phase: "recording" }); }
  async stop() { this.calls.push("stop"); this.move({ phase: "finishing", stoppedBecause: "person", stoppedAtMs: this.state.recordedMs }); }
  leaveNow(keep) { this.calls.push(`leave ${keep}`); sessionStorage.setItem("left", String(keep)); }
  wordsCopied() { this.calls.push("copied"); this.move({ phase: "stopped", words: undefined }); }
  stillThere() { this.calls.push("still"); this.move({ promptDueMs: undefined }); }
}
