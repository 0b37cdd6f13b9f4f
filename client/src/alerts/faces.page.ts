/** Finds faces in a photo of a report, on this phone. A module of its own, asked for by its address: no phone loads it that did not keep it before. */
import { grown, type Box } from "../faces/boxes.ts";
import { FaceFinder } from "../faces/faces.ts";

/** What to cover, in shares of the picture: every face that was found, grown by hair, ears and a turn of the head. */
export async function facesIn(picture: HTMLCanvasElement): Promise<Box[]> {
  const finder = await FaceFinder.load();
  try {
    return (await finder.find(picture)).map((face) => grown(face));
  } finally {
    await finder.drop();
  }
}
