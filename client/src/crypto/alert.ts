/**
 * The alert as a phone reads it (docs/spec/alert.md), written from the specification: what the city did not sign for this purpose, what is finer than
 * its step, lives too long, or has a word off the lists, is no alert and is not shown.
 */
import { verifyEd25519 } from "./asymmetric.ts";
import { fromBase64url, join, utf8 } from "./bytes.ts";
import { dumps, loads, type Value } from "./canonical.ts";

export type MsgType = "Alert" | "Update" | "Cancel";
export type Status = "Actual" | "Exercise" | "Test";

export interface Alert {
  readonly id: string;
  readonly kind: string;
  readonly area: string;
  readonly city: string;
  /** Unix seconds, all of them. */
  readonly seen_from: number;
  readonly seen_to: number;
  readonly sent: number;
  readonly expires: number;
  readonly msg_type: MsgType;
  readonly status: Status;
  readonly version: number;
  readonly references: readonly string[];
  readonly reason: string;
  readonly texts: readonly string[];
}

/** Public keys by status, base64url or hex as the caller has them: 32 bytes each. */
export type AlertKeys = Readonly<Record<Status, Uint8Array>>;

const LABEL = "tocsin.alert/v1\n";
const FORMAT = "tocsin.alert/v1";
const NOTHING_SEEN = "nothing-seen";
export const KINDS = ["street-check", "road-check", "transit-check", "door-to-door", "people-taken", "crowd-control", "activity", NOTHING_SEEN] as const;
const REASONS = ["not-so", "other-service", "wrong-area", "mistake", "over", "under-review", "danger"];
const TYPES = ["Alert", "Update", "Cancel"];
const STATUSES = ["Actual", "Exercise", "Test"];
const WIRE_MOST = 2048;
const SENT_STEP_S = 300;
const SEEN_STEP_S = 600;
const EXPIRES_STEP_S = 900;
const LONGEST_SEEN_S = 3600;
/** A phone refuses a longer life even if it is signed. */
export const LONGEST_LIFE_S = 7200;
const AHEAD_S = 600;
const CANCEL_VERSION = 100;
const ID = /^[A-Za-z0-9_-]{22}$/;
const AREA = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const CITY = /^[ -~]{1,200}$/;
const AREA_MOST = 200;

/** The alert in `wire`, if the key of its own status signed it for this city; undefined for anything else. Time is `isLive`'s. */
export async function verifyAlert(wire: string, keys: AlertKeys, city: string): Promise<Alert | undefined> {
  try {
    const raw = utf8(wire);
    if (raw.length > WIRE_MOST) return undefined;
    const outer = loads(raw) as { alert?: Value; signature?: Value };
    if (Object.keys(outer).sort().join() !== "alert,signature" || typeof outer.signature !== "string") return undefined;
    const alert = read(outer.alert);
    if (!alert || alert.city !== city) return undefined;
    const isSigned = await verifyEd25519(keys[alert.status], fromBase64url(outer.signature), join(utf8(LABEL), dumps(outer.alert as Value)));
    return isSigned ? alert : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it may be shown at `nowS`. */
export function isLive(alert: Alert, nowS: number): boolean {
  return alert.sent - AHEAD_S <= nowS && nowS < alert.expires;
}

/** The Alert that it is or stands for. */
export function rootOf(alert: Alert): string {
  return alert.references[0] ?? alert.id;
}

/** Whether `later` may take the place of `earlier`. A Cancel is final. */
export function follows(later: Alert, earlier: Alert): boolean {
  const isSame = later.area === earlier.area && later.city === earlier.city && later.status === earlier.status;
  const isTurned = (later.kind === NOTHING_SEEN) !== (earlier.kind === NOTHING_SEEN);
  return isSame && !isTurned && later.references[0] === rootOf(earlier) && later.version > earlier.version;
}

/** Keys of the sentences of every rendering, in order. */
export function textsOf(alert: Pick<Alert, "status" | "msg_type" | "reason" | "kind">): string[] {
  const drill = alert.status === "Actual" ? [] : [`status.${alert.status.toLowerCase()}`];
  if (alert.msg_type === "Cancel") {
    return [...drill, "taken-back", `reason.${alert.reason}`, ...(alert.reason === "danger" ? ["keep-away"] : []), "keep-distance"];
  }
  if (alert.kind === NOTHING_SEEN) return [...drill, "kind.nothing-seen", "looked", "it-can-change", "not-official"];
  return [...drill, `kind.${alert.kind}`, "seen", "not-official", "keep-distance"];
}

function read(told: Value | undefined): Alert | undefined {
  if (typeof told !== "object" || told === null || Array.isArray(told)) return undefined;
  const alert = told as unknown as Alert & { readonly format: string };
  const fields = "area,city,expires,format,id,kind,msg_type,reason,references,seen_from,seen_to,sent,status,texts,version";
  if (Object.keys(told).sort().join() !== fields || alert.format !== FORMAT) return undefined;
  return areWords(alert) && areTimes(alert) && isInOrder(alert) ? alert : undefined;
}

function areWords(alert: Alert): boolean {
  const isListed = KINDS.some((kind) => kind === alert.kind) && TYPES.includes(alert.msg_type) && STATUSES.includes(alert.status);
  const isPlace = typeof alert.area === "string" && alert.area.length <= AREA_MOST && AREA.test(alert.area) && typeof alert.city === "string" && CITY.test(alert.city);
  const isReason = alert.msg_type === "Cancel" ? REASONS.includes(alert.reason) : alert.reason === "";
  return isListed && isPlace && isReason && isId(alert.id) && JSON.stringify(alert.texts) === JSON.stringify(textsOf(alert));
}

function areTimes(alert: Alert): boolean {
  const steps: [number, number][] = [[alert.sent, SENT_STEP_S], [alert.seen_from, SEEN_STEP_S], [alert.seen_to, SEEN_STEP_S], [alert.expires, EXPIRES_STEP_S]];
  const areStepped = steps.every(([time, step]) => Number.isInteger(time) && time >= 0 && time % step === 0);
  const seen = alert.seen_to - alert.seen_from;
  const life = alert.expires - alert.sent;
  const isBefore = alert.seen_from <= alert.sent && alert.sent - alert.seen_to <= LONGEST_LIFE_S;
  return areStepped && seen > 0 && seen <= LONGEST_SEEN_S && life > 0 && life <= LONGEST_LIFE_S && isBefore;
}

function isInOrder(alert: Alert): boolean {
  const { msg_type: type, version, references } = alert;
  if (!Number.isInteger(version) || !Array.isArray(references)) return false;
  if (type === "Alert") return version === 1 && references.length === 0;
  const isNumbered = type === "Update" ? version > 1 && version < CANCEL_VERSION : version === CANCEL_VERSION;
  return isNumbered && references.length === 1 && isId(references[0]) && references[0] !== alert.id;
}

/** 16 bytes in base64url, spelled in the one way there is. */
function isId(text: unknown): boolean {
  return typeof text === "string" && ID.test(text) && "AQgw".includes(text[21]!);
}
