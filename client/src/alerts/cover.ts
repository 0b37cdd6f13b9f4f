/**
 * What of a photo is covered: a grid over it, at first all of it. Whoever sends it uncovers what the desk should see; what nobody touched stays
 * covered, so a face that was not noticed is not sent. Squares are filled, never blurred.
 */

export const COLUMNS = 16;

/** A part of the picture, in shares of it. */
export interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class Cover {
  readonly columns = COLUMNS;
  readonly rows: number;
  readonly #open = new Set<number>();

  /** For a picture of this shape. */
  constructor(width: number, height: number) {
    this.rows = Math.max(1, Math.round((COLUMNS * height) / width));
  }

  isCovered(column: number, row: number): boolean {
    return !this.#open.has(this.#at(column, row));
  }

  /** Whether nothing of it would be seen. */
  get isWhole(): boolean {
    return this.#open.size === 0;
  }

  coverAll(): void {
    this.#open.clear();
  }

  /** Every square that any of these parts touches is covered, and no other. */
  coverOnly(parts: readonly Part[]): void {
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        const isIn = parts.some((part) => this.#does(part, column, row));
        if (isIn) this.#open.delete(this.#at(column, row));
        else this.#open.add(this.#at(column, row));
      }
    }
  }

  /** Whether a point lies on a covered square; points are parts of the picture, 0 to 1. */
  isCoveredAt(x: number, y: number): boolean {
    return this.isCovered(Math.floor(x * this.columns), Math.floor(y * this.rows));
  }

  toggle(column: number, row: number): void {
    if (!this.#isOn(column, row)) return;
    const at = this.#at(column, row);
    if (!this.#open.delete(at)) this.#open.add(at);
  }

  /** A finger went from one point to another; points are parts of the picture, 0 to 1. Every square on the way opens, or is covered. */
  wipe(fromX: number, fromY: number, toX: number, toY: number, isCovering = false): void {
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(toX - fromX) * this.columns, Math.abs(toY - fromY) * this.rows)));
    for (let step = 0; step <= steps; step++) {
      const part = step / steps;
      this.#turn(Math.floor((fromX + (toX - fromX) * part) * this.columns), Math.floor((fromY + (toY - fromY) * part) * this.rows), isCovering);
    }
  }

  /** Every covered square as column and row. */
  *covered(): Iterable<readonly [number, number]> {
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) if (this.isCovered(column, row)) yield [column, row];
    }
  }

  #turn(column: number, row: number, isCovering: boolean): void {
    if (!this.#isOn(column, row)) return;
    if (isCovering) this.#open.delete(this.#at(column, row));
    else this.#open.add(this.#at(column, row));
  }

  #does({ x, y, width, height }: Part, column: number, row: number): boolean {
    const isAcross = x < (column + 1) / this.columns && x + width > column / this.columns;
    return isAcross && y < (row + 1) / this.rows && y + height > row / this.rows;
  }

  #isOn(column: number, row: number): boolean {
    return column >= 0 && row >= 0 && column < this.columns && row < this.rows;
  }

  #at(column: number, row: number): number {
    return row * this.columns + column;
  }
}
