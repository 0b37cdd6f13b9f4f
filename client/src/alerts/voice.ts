/** A voice for the alert desk: at most a minute, in memory alone until it is sealed. */

const MIMES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
export const LONGEST_S = 60;
const BITS_A_SECOND = 24_000;

export class Voice {
  readonly #recorder: MediaRecorder;
  readonly #stream: MediaStream;
  readonly #parts: Blob[] = [];

  /** Begin to record. Rejects where there is no microphone, or none is allowed. */
  static async begin(ended: () => void): Promise<Voice> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const mimeType = MIMES.find((mime) => MediaRecorder.isTypeSupported(mime));
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: BITS_A_SECOND, ...(mimeType && { mimeType }) });
    return new Voice(recorder, stream, ended);
  }

  private constructor(recorder: MediaRecorder, stream: MediaStream, ended: () => void) {
    this.#recorder = recorder;
    this.#stream = stream;
    recorder.addEventListener("dataavailable", ({ data }) => this.#parts.push(data));
    recorder.addEventListener("stop", () => (this.#release(), ended()));
    recorder.start(1000);
    setTimeout(() => this.stop(), LONGEST_S * 1000);
  }

  stop(): void {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
  }

  /** What was recorded, once it ended. */
  get recorded(): Blob {
    return new Blob(this.#parts, { type: this.#recorder.mimeType });
  }

  #release(): void {
    for (const track of this.#stream.getTracks()) track.stop();
  }
}
