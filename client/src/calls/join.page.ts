/** An interpreter or a second lawyer joins a call by a link. What the link carries is never in an address that a server sees, and goes from the bar. */
import { fromBase64url } from "../crypto/bytes.ts";
import { element, put, show, wayOut, words } from "../ui/page.ts";
import type { Role } from "./end.ts";
import { lineTold, muteTold, onTheLine, overTold, Writing } from "./parts.ts";
import { Played, speak } from "./played.ts";
import { Talk } from "./talk.ts";

const [call = "", secret = "", capability = "", me = "", role = ""] = location.hash.slice(1).split(".");
history.replaceState(null, "", location.pathname);
const isLink = Boolean(call && secret && capability && Number(me) > 0 && ["interpreter", "lawyer"].includes(role));

let talk: Talk | undefined;
let played: Played | undefined;
let isOpening = false;
const writing = new Writing(() => talk, words);

put("join-told", words.say(isLink ? `call.join_${role}` : "call.join_no_link"));
show("join", isLink);
element("join").addEventListener("click", () => void join());
element("join-leave").addEventListener("click", () => talk?.leave());
element("join-mute").addEventListener("click", () => talk?.mute(!talk.isMuted));
element("join-writing").append(writing.place);
wayOut(() => talk?.leave());

async function join(): Promise<void> {
  show("join", false);
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true }).then((stream) => stream.getAudioTracks()[0], () => undefined);
  const held = { call, secret: fromBase64url(secret), capability: fromBase64url(capability), me: Number(me) };
  talk = new Talk(held, { role: role as Role, name: "", microphone });
  played = new Played(talk, false);
  element("join-films").append(played.sound);
  talk.addEventListener("change", draw);
  talk.listen();
  show("joined", true);
}

function draw(): void {
  if (!talk) return;
  if (talk.isOver) {
    show("joined", false);
    played?.drop();
    return put("join-told", overTold(talk, words));
  }
  put("join-told", onTheLine(talk, words) || words.say("call.answering"));
  put("join-line", lineTold(talk, words));
  put("join-mute", muteTold(talk, words));
  writing.draw(talk);
  if (talk.people.size > 0 && !isOpening) void open();
}

async function open(): Promise<void> {
  isOpening = true;
  await speak(onTheLine(talk!, words), words.lang);
  talk?.openSound();
  played?.open();
}
