/** Shorter ones have 15 digits at most, which a JavaScript number keeps. */
const SURE = 15;

/** Whether the number that was read from the text is the one that is written there, to the last digit. */
export function keepsDigits(written: string, value: number): boolean {
  if (written.length <= SURE && !/e/i.test(written)) return true;
  return canonical(written.trim()) === canonical(String(value));
}

/** The digits without zeros around them, and where the point is: alike for `1.50`, `1.5` and `15e-1`. */
function canonical(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return text === 'Infinity' || text === '-Infinity' ? text : '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
