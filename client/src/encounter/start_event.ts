/** The first chunk of every recording: what was recorded with, for whom it is sealed, what it continues (docs/spec/recording.md). */
import { dumps } from "../crypto/canonical.ts";
import { TYPE } from "../crypto/stream.ts";
import type { Kind } from "../phone/config.ts";
import { familyNames } from "../phone/device.ts";
import type { Interrupted } from "./resume.ts";
import type { Addition } from "./session.ts";

export interface StartFacts {
  readonly at: number;
  readonly kind: Kind;
  readonly mime: string;
  readonly width: number;
  readonly height: number;
  /** Release of the client build. */
  readonly build: string;
}

/** `before` is asked when the chunk is sealed, as the recipients are: neither is known at the tap. */
export function startEvent(facts: StartFacts, before: () => Interrupted | undefined): Addition {
  const names = familyNames(globalThis.navigator?.userAgent ?? "");
  return {
    type: TYPE.event,
    at: 0,
    body: ({ recipients, recipientsNote }) =>
      dumps({
        event: "start",
        ...facts,
        ...names,
        continues: before()?.recording ?? "",
        continued_seq: before()?.lastSeq ?? 0,
        recipients: [...recipients],
        recipients_note: recipientsNote,
        place: "not collected",
      }),
  };
}
