/**
 * What stands now, of everything the page was told: verified on this phone, the newest of each, none that is over. A Cancel keeps its place until the
 * time its alert would have ended, so that whoever saw the alert sees that it was taken back, and nothing sent again can undo it.
 */
import { follows, isLive, rootOf, verifyAlert, type Alert, type AlertKeys } from "../crypto/alert.ts";

export class Standing {
  readonly #keys: AlertKeys;
  readonly #city: string;
  readonly #newest = new Map<string, Alert>();
  readonly #wires = new Map<string, string>();

  constructor(keys: AlertKeys, city: string) {
    this.#keys = keys;
    this.#city = city;
  }

  /** Take in what the node sent. Whether anything is different now. */
  async take(wires: readonly string[]): Promise<boolean> {
    let isNew = false;
    for (const wire of wires) {
      const alert = await verifyAlert(wire, this.#keys, this.#city);
      if (!alert || !this.#put(alert)) continue;
      this.#wires.set(rootOf(alert), wire);
      isNew = true;
    }
    return isNew;
  }

  /** What may be shown at `nowS`, newest first. What is over is forgotten. */
  at(nowS: number): Alert[] {
    for (const [root, alert] of this.#newest) if (nowS >= alert.expires) (this.#newest.delete(root), this.#wires.delete(root));
    return [...this.#newest.values()].filter((alert) => isLive(alert, nowS)).sort((a, b) => b.sent - a.sent || (a.id < b.id ? -1 : 1));
  }

  /** What stands, as it was signed, with its end. */
  wires(): { readonly wire: string; readonly expires: number }[] {
    return [...this.#wires].map(([root, wire]) => ({ wire, expires: this.#newest.get(root)!.expires }));
  }

  #put(alert: Alert): boolean {
    const known = this.#newest.get(rootOf(alert));
    if (known && !follows(alert, known)) return false;
    this.#newest.set(rootOf(alert), alert);
    return true;
  }
}
