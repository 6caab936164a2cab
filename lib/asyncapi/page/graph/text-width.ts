/** A line of a node: its name in bold 13 px, its note in 12 px. */
export type Line = 'name' | 'note';

const SCALE: Readonly<Record<Line, number>> = { name: 1, note: 0.82 };

/** Widths in bold 13 px by the widest of the usual fonts (DejaVu Sans), as no font can be asked here. */
const NARROW = 5.6;
const WIDE = 9.8;
const USUAL = 8.8;

/** How wide a line is at most. */
export function widthOf(text: string, line: Line): number {
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width * SCALE[line];
}

function widthOfOne(character: string): number {
  if (/[ijlrtf.,:;'|!()[\]{}/\\ ·-]/.test(character)) return NARROW;
  return /[A-Z0-9mw@%_…]/.test(character) || character > '\u02ff' ? WIDE : USUAL;
}

/** Cut in the middle where there is no room: the ends of addresses tell them apart. */
export function shortened(text: string, line: Line, room: number): string {
  const characters = Array.from(text);
  let short = text;
  for (let most = characters.length; widthOf(short, line) > room && most > 1; most--) {
    const half = Math.floor((most - 1) / 2);
    short = [...characters.slice(0, half), '…', ...characters.slice(characters.length - half)].join('');
  }
  return short;
}
