/** Only Argon2id of hash-wasm: importing the package lazily as a whole would load every algorithm it has. */
export { argon2id } from "hash-wasm";
