/** The one push subscription that a browser gives a node: messages of alerts and of circles share it. */
import { isSame, type Bytes } from "../crypto/bytes.ts";

/** What there is under the node's `key`, or a new one. One under another key would be refused, and is let go. */
export async function subscriptionFor(key: Bytes): Promise<PushSubscription> {
  const { pushManager } = await navigator.serviceWorker.ready;
  const had = await pushManager.getSubscription();
  const under = had?.options?.applicationServerKey;
  if (had && under && isSame(new Uint8Array(under), key)) return had;
  await had?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** Let go of it. Whoever asks has seen that nobody else on this phone goes by it. */
export async function letGo(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  await (await worker?.pushManager?.getSubscription())?.unsubscribe();
}
