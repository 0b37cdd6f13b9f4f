/** The phone's side of a call: whom it is sealed to, when it rings, and what of it the recording notes. Nothing of it is kept on the phone. */
import { base64url, randomBytes, sha256 } from "../crypto/bytes.ts";
import type { ClientConfig } from "../phone/config.ts";
import { chooseRecipients } from "../phone/desk_list.ts";
import type { Device } from "../phone/device.ts";
import { askOn } from "./ask.ts";
import type { Standing } from "./end.ts";
import { sealFor } from "./sealed.ts";
import { Talk } from "./talk.ts";

export const CANCEL_S = 3;
const CALL_BYTES = 16;

export interface Wanted {
  readonly language: string;
  readonly kind: string;
  readonly area: string;
  /** Of the recording that runs; "" for none. */
  readonly recording: string;
  readonly microphone: MediaStreamTrack | undefined;
  readonly camera: () => Promise<MediaStreamTrack | undefined>;
}

/** No key of the desk is proven to this phone: nobody can be rung that it could trust. */
export class NobodyProven extends Error {}

/** Ring. Resolves with the talk as soon as the node has the call; `over` gives up. Rejects with `NobodyProven`, `CallRefused`. */
export async function ring(config: ClientConfig, device: Device, wanted: Wanted, over: AbortSignal): Promise<Talk> {
  const { desk } = await chooseRecipients("encounter", config, device);
  if (desk.length === 0) throw new NobodyProven();
  const [call, capability, secret] = [base64url(randomBytes(CALL_BYTES)), randomBytes(32), randomBytes(32)];
  const { language, kind, area, recording } = wanted;
  const body = {
    call,
    digest: base64url(await sha256(capability)),
    language,
    place: config.call_place ?? "",
    kind,
    card: await sealFor(desk, { area, call, recording, v: 1 }),
    offer: await sealFor(desk, { call, secret: base64url(secret), v: 1 }),
  };
  const standing = await askOn<Standing>("/calls", body, undefined, over);
  const talk = new Talk({ call, capability, secret, me: standing.you }, { role: "caller", name: "", microphone: wanted.microphone, camera: wanted.camera });
  talk.listen(standing);
  return talk;
}
