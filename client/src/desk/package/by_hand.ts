/** VERIFY.txt: how to check this very package with `sha256sum` and `openssl`. The same text as the producer in Python writes. */
import closing from "../../../../src/tocsin/evidence/texts/by-hand-closing.txt";
import opening from "../../../../src/tocsin/evidence/texts/by-hand-opening.txt";
import { bigEndian, fromBase64, fromBigEndian, isSame, join, type Bytes } from "../../crypto/bytes.ts";
import { parseNote, parseVkey, type Note, type VerifierKey } from "../../crypto/note.ts";
import type { Covering, LeafTold } from "./covering.ts";
import { base64, hex } from "./text.ts";

/** SubjectPublicKeyInfo of an Ed25519 key, up to the key (RFC 8410). */
const PUBLIC_KEY_HEAD = new Uint8Array([0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0]);
const COSIGNATURE = 4;

/** What the shell needs of chunk 0. */
export interface FirstChunk {
  readonly length: number;
  readonly link: Bytes;
  readonly publicKey: Bytes;
  /** Id of the key of its receipt; empty where it has none. */
  readonly receiptKey: string;
}

const LISTED = String.raw`s/^"mime":"[^"]*","name":"\([^"]*\)","role":"[a-z]*","sha256":"\([0-9a-f]*\)".*/\2  \1/p`;
const FILES = `1. Every file is the one that manifest.json lists, and there is no other.

    tr '{' '\\n' < manifest.json | sed -n '${LISTED}' > SUMS
    sha256sum -c SUMS
    test "$(find . -type f ! -name SUMS ! -name ROOT.pem ! -path './manifest.*' | wc -l)" = "$(wc -l < SUMS)" && echo RIGHT`;

export async function instructions(covering: Covering, first: FirstChunk, recordingId: Bytes, custodian: Bytes | undefined): Promise<string> {
  const parts = [opening, FILES, custodian ? signature(custodian) : "2. MISSING: nobody signed manifest.json.", firstChunk(first)];
  const leaf = covering.leaves.at(-1);
  if (leaf) {
    parts.push(leafText(leaf, recordingId), inclusion(leaf), ...(await checkpoint(covering, leaf.tree_size)), timestamp(covering, leaf.tree_size));
  } else parts.push("4. MISSING: no entry of the log covers this recording, so nothing from outside says when it existed.");
  const key = covering.receiptKeys.get(first.receiptKey);
  parts.push(key ? receipt(first, key) : "9. MISSING: there is no receipt here for the first chunk whose key came with this package.");
  return `${[...parts, closing].join("\n\n")}\n`;
}

function signature(custodian: Bytes): string {
  return `2. The list was signed by the custodian. Compare the key with one you got from the custodian: ${base64(custodian)}

    { printf 'tocsin.package/v1 manifest\\n'; cat manifest.json; } > signed
${publicKey("custodian.pem", custodian)}
    openssl pkeyutl -verify -pubin -inkey custodian.pem -rawin -in signed -sigfile manifest.sig`;
}

function firstChunk({ length, link, publicKey: key }: FirstChunk): string {
  return `3. The first chunk follows from the header, and was signed by the key made for this recording (the others likewise).

    tail -c +5 original/chunks.bin | head -c ${length} > chunk
    tail -c +10 chunk | head -c 32 > previous
    openssl dgst -sha256 -binary original/header.bin | cmp - previous && echo RIGHT
    { cat previous; head -c 9 chunk; tail -c +42 chunk | head -c ${length - 41 - 64}; } | openssl dgst -sha256 -binary > link
    test "$(openssl base64 -A -in link)" = '${base64(link)}' && echo RIGHT
    grep -q '^0,.*,${hex(link)},' chunks.csv && echo RIGHT
    { printf 'tocsin.recording/v1 link\\n'; cat link; } > signed
    tail -c 64 chunk > signature
${publicKey("recording.pem", key)}
    openssl pkeyutl -verify -pubin -inkey recording.pem -rawin -in signed -sigfile signature`;
}

function receipt({ link }: FirstChunk, key: VerifierKey): string {
  return `9. The node signed a receipt for the first chunk as it received it. So it did for the
others: log/receipts.txt has eight lines for each. The fifth is the time by the node's
clock, in thousandths of a second since 1970. Whether the log announced the key,
which has the name ${key.name}, the verifier says.

    head -n 6 log/receipts.txt > receipt
    test "$(sed -n 4p receipt)" = '${base64(link)}' && echo RIGHT
    sed -n 8p log/receipts.txt | cut -d' ' -f3 | openssl base64 -d -A | tail -c 64 > signature
${publicKey("receipts.pem", key.publicKey)}
    openssl pkeyutl -verify -pubin -inkey receipts.pem -rawin -in receipt -sigfile signature`;
}

function leafText(leaf: LeafTold, recordingId: Bytes): string {
  const parts = [leaf.salt, base64(recordingId), base64(bigEndian(leaf.seq, 8)), leaf.link, leaf.custody_head].join(" ");
  return `4. The last leaf: the log's entry ${leaf.index} commits to chunk ${leaf.seq}.

    grep -q '^${leaf.seq},.*,${hex(fromBase64(leaf.link))},' chunks.csv && echo RIGHT
    decode() { printf '%s' "$1" | openssl base64 -d -A; }
    { printf 'tocsin.beat/v1\\n'; for part in ${parts}; do decode "$part"; done; } | openssl dgst -sha256 -binary > hidden
    { printf 'tocsin.leaf/v1 beat\\n'; cat hidden; } > entry
    test "$(openssl base64 -A -in entry)" = '${leaf.entry}' && echo RIGHT`;
}

function inclusion(leaf: LeafTold): string {
  const sides = sidesOf(leaf);
  const steps = leaf.proof.map((proof, i) => `    ${sides[i]} ${proof}`).join("\n");
  return `5. That entry is in the tree of ${leaf.tree_size} entries, whose root is the third line of its checkpoint.

    hash() { openssl dgst -sha256 -binary > next && mv next node; }
    right() { { printf '\\001'; cat node; decode "$1"; } | hash; }
    left() { { printf '\\001'; decode "$1"; cat node; } | hash; }
    { printf '\\000'; cat entry; } | hash
${steps}
    test "$(openssl base64 -A -in node)" = "$(sed -n 3p log/checkpoints/${leaf.tree_size}.txt)" && echo RIGHT`;
}

/** On which side each hash of the proof stands (RFC 9162 section 2.1.3.2). */
function sidesOf(leaf: LeafTold): string[] {
  const sides: string[] = [];
  const half = (value: number): number => Math.floor(value / 2);
  for (let [number, last] = [leaf.index, leaf.tree_size - 1]; last > 0; [number, last] = [half(number), half(last)]) {
    if (number % 2 === 0 && number !== last) sides.push("right");
    else {
      sides.push("left");
      while (number > 0 && number % 2 === 0) [number, last] = [half(number), half(last)];
    }
  }
  return sides;
}

async function checkpoint(covering: Covering, size: number): Promise<string[]> {
  const note = parseNote(new TextDecoder().decode(covering.checkpoints.get(size)));
  const log = await parseVkey(covering.keys.log ?? "");
  const lines = [`    sed '/^$/,$d' log/checkpoints/${size}.txt > text`];
  for (const raw of by(note, log)) lines.push(...openssl("log.pem", log, "text", raw));
  const told = `6. The checkpoint was signed by the log (${log.name}). Compare its key with one from outside.\n\n${lines.join("\n")}`;
  return [told, await witnesses(covering, note)];
}

async function witnesses(covering: Covering, note: Note): Promise<string> {
  const lines: string[] = [];
  for (const key of await Promise.all(covering.keys.witnesses.map(parseVkey))) {
    for (const raw of key.kind === COSIGNATURE ? by(note, key) : []) {
      lines.push(`    { printf 'cosignature/v1\\ntime ${fromBigEndian(raw.subarray(0, 8))}\\n'; cat text; } > cosigned`);
      lines.push(...openssl("witness.pem", key, "cosigned", raw.slice(8)));
    }
  }
  if (lines.length === 0) return "7. MISSING: no witness signed this checkpoint with a key that openssl can check.";
  return `${WITNESSED}\n\n${lines.join("\n")}`;
}

function by(note: Note, key: VerifierKey): Bytes[] {
  return note.signatures.filter((line) => line.name === key.name && isSame(line.keyId, key.keyId)).map((line) => line.raw);
}

function openssl(file: string, key: VerifierKey, message: string, raw: Bytes): string[] {
  return [
    publicKey(file, key.publicKey),
    `    decode '${base64(raw)}' > signature`,
    `    openssl pkeyutl -verify -pubin -inkey ${file} -rawin -in ${message} -sigfile signature`,
  ];
}

const WITNESSED = `7. Witnesses signed it, each at the time in its line (Unix seconds; \`date -u -d @SECONDS\`
tells the hour). Compare their keys with those from outside.`;
const STAMPED = `8. A timestamp authority signed it, at the time that is printed. ROOT.pem is the
authority's root certificate, from outside.`;
const STAMPED_LATER = `8. A timestamp authority signed a later checkpoint of the log, at the time that is printed.
That the later one holds all of this one is not shown by hand. ROOT.pem is the
authority's root certificate, from outside.`;

/** With the tokens of this checkpoint or, where there are none, of the next one that has some. */
function timestamp(covering: Covering, size: number): string {
  const stamped = Math.min(...[...covering.tokens.keys()].filter((held) => held >= size));
  const tokens = covering.tokens.get(stamped);
  if (!tokens) return "8. MISSING: no timestamp authority signed this checkpoint or a later one.";
  const lines = [`    sed '/^$/,$d' log/checkpoints/${stamped}.txt > stamped`];
  for (const token of tokens) {
    const file = `log/timestamps/${timestampName(stamped, token.authority)}`;
    lines.push(`    openssl ts -verify -in ${file} -data stamped -CAfile ROOT.pem`, `    openssl ts -reply -in ${file} -text | grep 'Time stamp:'`);
  }
  return `${stamped === size ? STAMPED : STAMPED_LATER}\n\n${lines.join("\n")}`;
}

/** The file name of a token below `log/timestamps/`. */
export function timestampName(size: number, authority: string): string {
  const name = Array.from(authority, (letter) => (/^[A-Za-z0-9]$/.test(letter) ? letter : "-")).join("");
  return `${size}-${(name.replace(/^-+|-+$/g, "") || "tsa").slice(0, 40)}.tsr`;
}

function publicKey(file: string, key: Bytes): string {
  const [head, foot] = ["-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"];
  return `    printf '%s\\n' '${head}' '${base64(join(PUBLIC_KEY_HEAD, key))}' '${foot}' > ${file}`;
}
