/**
 * From the phone's fix to the area that may be named: on the phone, so that the fix never leaves it (rules of safety, 3). The nearest place of the
 * operator's table is it (docs/areas.md). Whoever is far from all of them is not in this city, and gets no area.
 */

/** Area id and the centre of one of its places, in degrees. */
export type Place = readonly [area: string, lat: number, lon: number];

export interface Fix {
  readonly latitude: number;
  readonly longitude: number;
}

/** Farther than this from every place of the table is not in the city. */
export const FARTHEST_KM = 15;

const EARTH_KM = 6371.0088;

/** The area of a fix, or undefined. */
export function areaOf(fix: Fix, places: readonly Place[]): string | undefined {
  return byNearness(fix, places).find(([, far]) => far <= FARTHEST_KM)?.[0];
}

/** Every area with its distance from the fix, nearest first. The distances are for sorting here, never for showing. */
export function byNearness(fix: Fix, places: readonly Place[]): [string, number][] {
  const found = new Map<string, number>();
  for (const [area, lat, lon] of places) {
    const far = kilometres(fix, lat, lon);
    if (far < (found.get(area) ?? Infinity)) found.set(area, far);
  }
  return [...found].sort(([, a], [, b]) => a - b);
}

/** Over the plane that touches the earth: exact enough within a city. */
function kilometres({ latitude, longitude }: Fix, lat: number, lon: number): number {
  const middle = radians((latitude + lat) / 2);
  return EARTH_KM * Math.hypot(radians(lon - longitude) * Math.cos(middle), radians(lat - latitude));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
