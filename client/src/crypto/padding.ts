/** Sizes that tell little: Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019, section 4). */

/** The smallest padded inner message: an event looks like a quiet second of sound. */
export const INNER_FLOOR = 1024;

/** Round `size` up so that at most log2(log2(size)) bits of it are told; at most 12 % longer. For sizes below 2^31. */
export function padme(size: number): number {
  if (size < 2) return size;
  const exponent = 31 - Math.clz32(size);
  const told = exponent === 0 ? 1 : 32 - Math.clz32(exponent);
  const step = 2 ** Math.max(0, exponent - told);
  return Math.ceil(size / step) * step;
}

/** The length of an inner message whose content has `size` bytes. */
export function padded(size: number): number {
  return padme(Math.max(size, INNER_FLOOR));
}
