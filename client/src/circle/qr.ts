/** A link as a QR code, drawn on the phone that made it: the secret in it goes to no server. */
import { encode } from "uqr";

const SVG = "http://www.w3.org/2000/svg";
/** ISO/IEC 18004 wants four light modules around. */
const QUIET = 4;

/** Black on white in every colour scheme: readers expect it. */
export function drawQr(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { border: QUIET, ecc: "M" });
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("class", "qr");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", label);
  picture.append(shape("rect", { width: `${size}`, height: `${size}`, fill: "#fff" }), shape("path", { d: pathOf(data), fill: "#000" }));
  return picture;
}

function pathOf(data: readonly (readonly boolean[])[]): string {
  return data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
}

function shape(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
