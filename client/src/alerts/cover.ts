/**
 * What of a photo is covered: a grid over it, at first all of it. Whoever sends it uncovers what the desk should see; what nobody touched stays
 * covered, so a face that was not noticed is not sent. Squares are filled, never blurred.
 */

export const COLUMNS = 16;

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

  toggle(column: number, row: number): void {
    if (!this.#isOn(column, row)) return;
    const at = this.#at(column, row);
    if (!this.#open.delete(at)) this.#open.add(at);
  }

  /** A finger went from one point to another; points are parts of the picture, 0 to 1. Every square on the way opens. */
  wipe(fromX: number, fromY: number, toX: number, toY: number): void {
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(toX - fromX) * this.columns, Math.abs(toY - fromY) * this.rows)));
    for (let step = 0; step <= steps; step++) {
      const part = step / steps;
      this.#uncover(Math.floor((fromX + (toX - fromX) * part) * this.columns), Math.floor((fromY + (toY - fromY) * part) * this.rows));
    }
  }

  /** Every covered square as column and row. */
  *covered(): Iterable<readonly [number, number]> {
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) if (this.isCovered(column, row)) yield [column, row];
    }
  }

  #uncover(column: number, row: number): void {
    if (this.#isOn(column, row)) this.#open.add(this.#at(column, row));
  }

  #isOn(column: number, row: number): boolean {
    return column >= 0 && row >= 0 && column < this.columns && row < this.rows;
  }

  #at(column: number, row: number): number {
    return row * this.columns + column;
  }
}
